package ai.dreamlake.logback.servlet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.DreamlakeSession;
import ai.dreamlake.logback.servlet.TestServer.Registered;
import ai.dreamlake.logback.servlet.TestServer.Work;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequestEvent;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.MDC;

/** Sends real requests to a real Tomcat, which has one thread unless a test needs more. */
@Timeout(60)
class DreamlakeSessionFilterTest {

    private static final String HEADER = "X-Experiment";

    @TempDir
    Path root;

    @TempDir
    Path tomcat;

    private Logging logging;
    private TestServer server;
    private final ExecutorService background = Executors.newSingleThreadExecutor();

    @AfterEach
    void stop() throws Exception {
        background.shutdown();
        if (server != null) {
            server.close();
        }
        if (logging != null) {
            logging.close();
        }
    }

    private void start(int threads, Registered registered, Work work) throws Exception {
        logging = Logging.to(root, appender -> appender.setWorkspace("project"));
        server = new TestServer(tomcat, logging.log, threads, registered, work);
    }

    private static DreamlakeSessionFilter byHeader() {
        return DreamlakeSessionFilter.builder().header(HEADER).build();
    }

    private void start(boolean listener, Work work) throws Exception {
        start(1, Registered.of(byHeader(), listener), work);
    }

    /** Waits until the server has ended all requests. */
    private List<String> messages(String workspace, String session) throws Exception {
        stopAll();
        SessionOnDisk onDisk = SessionOnDisk.of(root, workspace, session);
        return Files.exists(onDisk.log()) ? onDisk.messages() : List.of();
    }

    private List<String> messages(String session) throws Exception {
        return messages("project", session);
    }

    private void stopAll() throws Exception {
        if (server != null) {
            server.close();
            server = null;
            assertThat(logging.warnings()).isEmpty();
            logging.close();
        }
    }

    private void logPath(HttpServletRequest request) {
        logging.log.info("{} {}", request.getDispatcherType(), request.getRequestURI());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aRequestLogsIntoTheSessionThatItNames(boolean listener) throws Exception {
        start(listener, (request, response) -> logPath(request));
        assertThat(server.get("/a", HEADER, "run-7")).isEqualTo(200);
        assertThat(server.get("/b")).isEqualTo(200);
        assertThat(server.get("/c", HEADER, "run-8")).isEqualTo(200);
        assertThat(server.get("/d", HEADER, "run-7")).isEqualTo(200);

        assertThat(messages("run-7")).containsExactly("REQUEST /a", "REQUEST /d");
        assertThat(messages("run-8")).containsExactly("REQUEST /c");
        assertThat(messages("default")).containsExactly("REQUEST /b");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"../x", "a/b", ".x", "", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"})
    void aRequestWithARefusedNameLosesOnlyItsSession(String name) throws Exception {
        start(true, (request, response) -> logPath(request));
        assertThat(server.get("/a", HEADER, name)).isEqualTo(200);
        assertThat(server.get("/b", HEADER, name)).isEqualTo(200);
        assertThat(server.contextLog).singleElement().asString().startsWith("A request has named a session in a way");
        assertThat(messages("default")).containsExactly("REQUEST /a", "REQUEST /b");
        assertThat(root.resolve("project")).isDirectoryNotContaining(path -> !path.endsWith("default"));
    }

    @Test
    void aRepeatedHeaderIsRefused() throws Exception {
        start(true, (request, response) -> logPath(request));
        assertThat(server.get("/a", HEADER, "run-7", HEADER, "run-7")).isEqualTo(200);
        assertThat(messages("default")).containsExactly("REQUEST /a");
    }

    @Test
    void aNameAboveTheLimitGoesToTheDefaultSession() throws Exception {
        start(
                1,
                Registered.of(
                        DreamlakeSessionFilter.builder()
                                .header(HEADER)
                                .maxSessions(2)
                                .build(),
                        true),
                (request, response) -> logPath(request));
        for (String name : List.of("a", "b", "c", "d", "a")) {
            server.get("/" + name, HEADER, name);
        }
        assertThat(server.contextLog).singleElement().asString().startsWith("Requests have named 2 different sessions");
        assertThat(messages("a")).hasSize(2);
        assertThat(messages("b")).hasSize(1);
        assertThat(messages("default")).containsExactly("REQUEST /c", "REQUEST /d");
    }

    @Test
    void theParameterIsReadOnlyFromTheQueryAndTheBodyIsLeftToTheServlet() throws Exception {
        start(
                1,
                Registered.of(
                        DreamlakeSessionFilter.builder()
                                .header(HEADER)
                                .parameter("the session")
                                .workspace("web")
                                .build(),
                        true),
                (request, response) ->
                        logging.log.info(new String(request.getInputStream().readAllBytes(), StandardCharsets.UTF_8)));
        for (String query : List.of(
                "?the+session=in%2Dquery&x=1",
                "?x=1", "?x&the%20session=a&the+session=b", "?the+session", "?the+session=%FF")) {
            server.send(server.request("/" + query)
                    .header("Content-Type", "application/x-www-form-urlencoded")
                    .POST(BodyPublishers.ofString("the+session=in-body&query=" + query.length())));
        }
        server.get("/?the+session=in-query", HEADER, "in-header");
        assertThat(server.getAsItIs("/?the+session=%zz")).startsWith("HTTP/1.1 200");
        assertThat(server.getAsItIs("/?%zz=1&the+session=in-query")).startsWith("HTTP/1.1 200");

        assertThat(messages("web", "in-query")).containsExactly("the+session=in-body&query=27", "");
        assertThat(messages("web", "in-header")).containsExactly("");
        assertThat(messages("default")).hasSize(5);
        assertThat(root.resolve("web")).isDirectoryNotContaining(path -> path.endsWith("in-body"));
    }

    /** Sends as many requests at once as Tomcat has threads; all are inside the servlet at the same time. */
    @Test
    void requestsAtTheSameTimeNeverMix() throws Exception {
        int requests = 24;
        CountDownLatch inside = new CountDownLatch(requests);
        start(requests, Registered.of(byHeader(), true), (request, response) -> {
            logging.log.info("before {}", request.getHeader(HEADER));
            inside.countDown();
            inside.await();
            logging.log.info("after {}", request.getHeader(HEADER));
        });
        ExecutorService clients = Executors.newFixedThreadPool(requests);
        List<Future<Integer>> answers = new ArrayList<>();
        for (int i = 0; i < requests; i++) {
            String name = "run-" + i;
            answers.add(clients.submit(() -> server.get("/", HEADER, name)));
        }
        for (Future<Integer> answer : answers) {
            assertThat(answer.get()).isEqualTo(200);
        }
        clients.shutdown();
        for (int i = 0; i < requests; i++) {
            assertThat(messages("run-" + i)).containsExactly("before run-" + i, "after run-" + i);
        }
        assertThat(messages("default")).isEmpty();
    }

    /** Tomcat logs this after all filters. */
    private static boolean isTomcats(String message) {
        return message.startsWith("Servlet.service() for servlet [work]");
    }

    @Test
    void withTheListenerWhatTomcatLogsAboutAnExceptionIsInTheSession() throws Exception {
        start(true, this::failUnlessError);
        assertThat(server.get("/a", HEADER, "run-7")).isEqualTo(500);
        assertThat(server.get("/error")).isEqualTo(200);

        assertThat(messages("run-7"))
                .satisfiesExactly(
                        request -> assertThat(request).isEqualTo("REQUEST /a"),
                        tomcats -> assertThat(tomcats).matches(DreamlakeSessionFilterTest::isTomcats),
                        error -> assertThat(error).isEqualTo("ERROR /error"));
        assertThat(messages("default")).containsExactly("REQUEST /error");
    }

    @Test
    void withTheFilterAloneEverythingExceptThatIsInTheSession() throws Exception {
        start(false, this::failUnlessError);
        assertThat(server.get("/a", HEADER, "run-7")).isEqualTo(500);
        assertThat(server.get("/error")).isEqualTo(200);

        assertThat(messages("run-7")).containsExactly("REQUEST /a", "ERROR /error");
        assertThat(messages("default"))
                .satisfiesExactly(
                        tomcats -> assertThat(tomcats).matches(DreamlakeSessionFilterTest::isTomcats),
                        next -> assertThat(next).isEqualTo("REQUEST /error"));
    }

    private void failUnlessError(HttpServletRequest request, Object response) {
        logPath(request);
        if (!request.getRequestURI().equals("/error")) {
            throw new IllegalStateException("the servlet's own");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anAsynchronousRequestHasItsSessionInEachDispatch(boolean listener) throws Exception {
        start(listener, (request, response) -> {
            logPath(request);
            if (request.getDispatcherType() == DispatcherType.REQUEST
                    && request.getRequestURI().equals("/a")) {
                AsyncContext async = request.startAsync();
                Runnable inSession = DreamlakeSession.propagate(() -> logging.log.info("propagated"));
                Map<String, String> mdc = MDC.getCopyOfContextMap();
                background.execute(() -> {
                    logging.log.info("on another thread");
                    inSession.run();
                    MDC.setContextMap(mdc);
                    logging.log.info("with a copy of the MDC");
                    MDC.clear();
                    async.dispatch("/dispatched");
                });
            }
        });
        assertThat(server.get("/a", HEADER, "run-7")).isEqualTo(200);
        assertThat(server.get("/b")).isEqualTo(200);

        assertThat(messages("run-7"))
                .containsExactly("REQUEST /a", "propagated", "with a copy of the MDC", "ASYNC /dispatched");
        assertThat(messages("default")).containsExactly("on another thread", "REQUEST /b");
    }

    /** Tomcat has one thread. The second dispatch of the request comes only after the next request has ended. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theThreadOfAnAsynchronousRequestIsFreeForOthersMeanwhile(boolean listener) throws Exception {
        CountDownLatch next = new CountDownLatch(1);
        start(listener, (request, response) -> {
            logPath(request);
            if (request.getRequestURI().equals("/a")) {
                AsyncContext async = request.startAsync();
                async.setTimeout(0);
                background.execute(() -> {
                    try {
                        next.await();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                    async.complete();
                });
            }
        });
        ExecutorService client = Executors.newSingleThreadExecutor();
        Future<Integer> first = client.submit(() -> server.get("/a", HEADER, "run-7"));
        await().untilAsserted(() ->
                assertThat(logging.appender.getStatistics().accepted()).isEqualTo(1));
        assertThat(server.get("/b")).isEqualTo(200);
        assertThat(server.get("/c", HEADER, "run-8")).isEqualTo(200);
        next.countDown();
        assertThat(first.get()).isEqualTo(200);
        client.shutdown();
        assertThat(server.get("/d")).isEqualTo(200);

        assertThat(messages("run-7")).containsExactly("REQUEST /a");
        assertThat(messages("run-8")).containsExactly("REQUEST /c");
        assertThat(messages("default")).containsExactly("REQUEST /b", "REQUEST /d");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anAsynchronousRequestThatTimesOutIsInItsSessionOnTheErrorPage(boolean listener) throws Exception {
        start(listener, (request, response) -> {
            logPath(request);
            if (request.getRequestURI().equals("/a")) {
                request.startAsync().setTimeout(1);
            }
        });
        assertThat(server.get("/a", HEADER, "run-7")).isEqualTo(500);
        assertThat(server.get("/b")).isEqualTo(200);

        assertThat(messages("run-7")).containsExactly("REQUEST /a", "ERROR /error");
        assertThat(messages("default")).containsExactly("REQUEST /b");
    }

    @Test
    void anAsynchronousDispatchThatFailsIsInItsSession() throws Exception {
        start(true, (request, response) -> {
            logPath(request);
            if (request.getRequestURI().equals("/a")) {
                AsyncContext async = request.startAsync();
                background.execute(() -> async.dispatch("/dispatched"));
            } else if (request.getDispatcherType() == DispatcherType.ASYNC) {
                throw new IllegalStateException("the servlet's own");
            }
        });
        assertThat(server.get("/a", HEADER, "run-7")).isEqualTo(500);
        assertThat(server.get("/b")).isEqualTo(200);

        assertThat(messages("run-7"))
                .startsWith("REQUEST /a", "ASYNC /dispatched")
                .contains("ERROR /error");
        assertThat(messages("run-7")).anyMatch(DreamlakeSessionFilterTest::isTomcats);
        assertThat(messages("default")).containsExactly("REQUEST /b");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aRequestThatStartsAsynchronousCyclesRepeatedlyEndsOnce(boolean listener) throws Exception {
        start(listener, (request, response) -> {
            logPath(request);
            int round = Integer.parseInt(request.getRequestURI().substring(1));
            if (round > 0) {
                AsyncContext async = request.startAsync();
                background.execute(() -> async.dispatch("/" + (round - 1)));
            }
        });
        assertThat(server.get("/3", HEADER, "run-7")).isEqualTo(200);
        assertThat(server.get("/0")).isEqualTo(200);

        assertThat(messages("run-7")).containsExactly("REQUEST /3", "ASYNC /2", "ASYNC /1", "ASYNC /0");
        assertThat(messages("default")).containsExactly("REQUEST /0");
    }

    /** The scope of a copy of the MDC that outlives the request is closed, whichever thread closed it. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theRemainsOfAnEndedRequestNameNoSession(boolean listener) throws Exception {
        assertCopiesAreOfNoUse(Registered.of(byHeader(), listener));
    }

    @Test
    void aFilterThatGetsOnlyTheFirstDispatchAlsoClosesTheScope() throws Exception {
        assertCopiesAreOfNoUse(new Registered(byHeader(), Map.of(), Set.of(DispatcherType.REQUEST), false));
    }

    private void assertCopiesAreOfNoUse(Registered registered) throws Exception {
        List<Map<String, String>> copies = new ArrayList<>();
        start(1, registered, (request, response) -> {
            if (request.getDispatcherType() == DispatcherType.REQUEST) {
                copies.add(MDC.getCopyOfContextMap());
            }
            int round = Integer.parseInt(request.getRequestURI().substring(1));
            if (round > 0) {
                AsyncContext async = request.startAsync();
                background.execute(round == 1 ? async::complete : () -> async.dispatch("/" + (round - 1)));
            }
        });
        for (String path : List.of("/0", "/1", "/2")) {
            assertThat(server.get(path, HEADER, "run-7")).isEqualTo(200);
        }
        server.close(); // all is over
        server = null;
        assertThat(copies).hasSize(3);
        for (Map<String, String> copy : copies) {
            MDC.setContextMap(copy);
            logging.log.info("afterwards");
            MDC.clear();
        }
        logging.close();
        assertThat(SessionOnDisk.of(root, "project", "default").messages())
                .containsExactly("afterwards", "afterwards", "afterwards");
    }

    /** A request with as much as the filter needs, for containers that behave differently from Tomcat. */
    private static final class OddRequest {
        private final Map<String, Object> attributes = new HashMap<>();
        private boolean isAsyncStarted;
        final List<AsyncListener> listeners = new ArrayList<>();

        private final HttpServletRequest request = as(HttpServletRequest.class);
        private final ServletRequestEvent event = new ServletRequestEvent(as(ServletContext.class), request);

        private <T> T as(Class<T> type) {
            return type.cast(Proxy.newProxyInstance(
                    type.getClassLoader(),
                    new Class<?>[] {type},
                    (proxy, method, arguments) -> switch (method.getName()) {
                        case "getAttribute" -> attributes.get(arguments[0]);
                        case "setAttribute" -> attributes.put((String) arguments[0], arguments[1]);
                        case "removeAttribute" -> attributes.remove(arguments[0]);
                        case "isAsyncStarted" -> isAsyncStarted;
                        case "getServletContext" -> event.getServletContext();
                        case "getHeaders" -> Collections.enumeration(List.of("run-7"));
                        case "getAsyncContext" -> as(AsyncContext.class);
                        case "addListener" -> listeners.add((AsyncListener) arguments[0]);
                        default -> throw new UnsupportedOperationException(method.getName());
                    }));
        }

        /** Runs on the calling thread, as when a worker completes the request. */
        void complete() throws IOException {
            isAsyncStarted = false;
            for (AsyncListener listener : listeners) {
                listener.onComplete(null);
            }
        }

        /** One dispatch, from its beginning to its end. */
        void dispatch(DreamlakeSessionFilter filter, Runnable servlet) {
            DreamlakeSessionListener listener = new DreamlakeSessionListener();
            listener.requestInitialized(event);
            try {
                filter.doFilter(request, null, (request, response) -> servlet.run());
            } catch (IOException | ServletException e) {
                throw new AssertionError(e);
            }
            listener.requestDestroyed(event);
        }
    }

    @Test
    void aContainerMayNotifyTheListenerAfterEachDispatch() {
        logging = Logging.to(root, appender -> appender.setWorkspace("project"));
        DreamlakeSessionFilter filter = byHeader();
        OddRequest odd = new OddRequest();
        List<Map<String, String>> copies = new ArrayList<>();
        odd.dispatch(filter, () -> {
            copies.add(MDC.getCopyOfContextMap());
            logging.log.info("first");
            odd.isAsyncStarted = true;
        });
        logging.log.info("between");
        MDC.setContextMap(copies.get(0));
        logging.log.info("with a copy");
        MDC.clear();
        odd.isAsyncStarted = false;
        odd.dispatch(filter, () -> logging.log.info("second"));
        assertThat(logging.warnings()).isEmpty();
        MDC.setContextMap(copies.get(0));
        logging.log.info("afterwards");
        MDC.clear();
        logging.close();

        assertThat(SessionOnDisk.of(root, "project", "run-7").messages())
                .containsExactly("first", "with a copy", "second");
        assertThat(SessionOnDisk.of(root, "project", "default").messages()).containsExactly("between", "afterwards");
    }

    @Test
    void anAsynchronousRequestThatIsCompletedElsewhereIsOverForAllCopiesOfItsMdc() throws Exception {
        logging = Logging.to(root, appender -> appender.setWorkspace("project"));
        OddRequest odd = new OddRequest();
        List<Map<String, String>> copies = new ArrayList<>();
        odd.dispatch(byHeader(), () -> {
            copies.add(MDC.getCopyOfContextMap());
            odd.isAsyncStarted = true;
        });
        MDC.setContextMap(copies.get(0));
        logging.log.info("of a worker");
        odd.complete();
        logging.log.info("afterwards");
        MDC.clear();
        logging.close();
        assertThat(SessionOnDisk.of(root, "project", "run-7").messages()).containsExactly("of a worker");
        assertThat(SessionOnDisk.of(root, "project", "default").messages()).containsExactly("afterwards");
    }

    @Test
    void theListenerAloneDoesNothing() throws Exception {
        start(1, Registered.of(null, true), (request, response) -> logPath(request));
        assertThat(server.get("/a", HEADER, "run-7")).isEqualTo(200);
        assertThat(messages("default")).containsExactly("REQUEST /a");
    }

    @Test
    void theFilterDoesNothingByDefault() throws Exception {
        start(1, Registered.of(new DreamlakeSessionFilter(), true), (request, response) -> logPath(request));
        assertThat(server.get("/a?session=run-7", HEADER, "run-7", "session", "run-7"))
                .isEqualTo(200);
        assertThat(messages("default")).containsExactly("REQUEST /a");
    }

    @Test
    void initParametersTakePrecedence() throws Exception {
        start(
                1,
                Registered.of(
                        DreamlakeSessionFilter.builder()
                                .header("ignored")
                                .workspace("ignored")
                                .build(),
                        Map.of(
                                "header", HEADER,
                                "parameter", "session",
                                "workspace", "web",
                                "pattern", "run-\\d",
                                "maxSessions", "1"),
                        true),
                (request, response) -> logPath(request));
        server.get("/a", HEADER, "run-7");
        server.get("/b?session=run-7");
        server.get("/c", HEADER, "run-77");
        server.get("/d", HEADER, "run-8");
        server.get("/e", "ignored", "run-7");
        assertThat(messages("web", "run-7")).containsExactly("REQUEST /a", "REQUEST /b");
        assertThat(messages("default")).containsExactly("REQUEST /c", "REQUEST /d", "REQUEST /e");
    }

    @ParameterizedTest
    @ValueSource(strings = {"pattern=[", "maxSessions=many", "maxSessions=0", "workspace=a/b"})
    void aWrongInitParameterIsReportedAndTheApplicationRuns(String parameter) throws Exception {
        String[] nameAndValue = parameter.split("=");
        start(
                1,
                Registered.of(
                        new DreamlakeSessionFilter(), Map.of("header", HEADER, nameAndValue[0], nameAndValue[1]), true),
                (request, response) -> logPath(request));
        assertThat(server.get("/a", HEADER, "run-7")).isEqualTo(200);
        assertThat(server.contextLog)
                .singleElement()
                .asString()
                .startsWith("The filter dreamlake puts no request into a session: ")
                .contains(nameAndValue);
        assertThat(messages("default")).containsExactly("REQUEST /a");
    }

    @Test
    void theBuilderChecksAtOnce() {
        DreamlakeSessionFilter.Builder builder = DreamlakeSessionFilter.builder();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.pattern("["))
                .withMessageContaining("pattern");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.maxSessions(0))
                .withMessageContaining("maxSessions");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.workspace("a/b"))
                .withMessageContaining("workspace");
    }
}
