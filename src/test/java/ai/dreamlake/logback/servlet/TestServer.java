package ai.dreamlake.logback.servlet;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.FilterRegistration;
import jakarta.servlet.ServletRegistration;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.apache.catalina.Context;
import org.apache.catalina.LifecycleException;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.descriptor.web.ErrorPage;

/** A Tomcat on loopback with one application, whose servlet is part of a test. It logs to the test's Logback. */
final class TestServer implements AutoCloseable {

    /** What the application does with a request. */
    interface Work {
        void serve(HttpServletRequest request, HttpServletResponse response) throws Exception;
    }

    /** How the filter and the listener are registered. */
    record Registered(
            DreamlakeSessionFilter filter,
            Map<String, String> initParameters,
            Set<DispatcherType> dispatchers,
            boolean listener) {

        static Registered of(DreamlakeSessionFilter filter, boolean listener) {
            return of(filter, Map.of(), listener);
        }

        static Registered of(DreamlakeSessionFilter filter, Map<String, String> initParameters, boolean listener) {
            return new Registered(
                    filter,
                    initParameters,
                    Set.of(DispatcherType.REQUEST, DispatcherType.ASYNC, DispatcherType.ERROR),
                    listener);
        }
    }

    private final Tomcat tomcat = new Tomcat();
    private final HttpClient http = HttpClient.newHttpClient();
    private final Logger tomcatsLogger = Logger.getLogger("org.apache.catalina");
    private final Handler toTest;

    /** The messages in the servlet context's log. */
    final List<String> contextLog = new CopyOnWriteArrayList<>();

    /** @param log the test's, which also gets Tomcat's messages */
    TestServer(Path directory, org.slf4j.Logger log, int threads, Registered registered, Work work)
            throws LifecycleException {
        toTest = new Handler() {
            @Override
            public void publish(LogRecord said) {
                if (said.getThrown() != null) {
                    log.error("{}", said.getMessage(), said.getThrown());
                } else if (said.getLoggerName().endsWith(".[/]")) {
                    contextLog.add(said.getMessage());
                }
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        tomcatsLogger.addHandler(toTest);
        tomcatsLogger.setUseParentHandlers(false);
        tomcat.setBaseDir(directory.toString());
        tomcat.setPort(0);
        tomcat.getConnector().setProperty("address", "127.0.0.1");
        tomcat.getConnector().setProperty("maxThreads", Integer.toString(threads));
        tomcat.getConnector().setProperty("minSpareThreads", "1");
        Context context = tomcat.addContext("", directory.toString());
        context.addServletContainerInitializer(
                (types, application) -> {
                    ServletRegistration.Dynamic servlet = application.addServlet("work", new WorkServlet(work));
                    servlet.setAsyncSupported(true);
                    servlet.addMapping("/*");
                    if (registered.filter() != null) {
                        FilterRegistration.Dynamic filter = application.addFilter("dreamlake", registered.filter());
                        filter.setAsyncSupported(true);
                        filter.setInitParameters(registered.initParameters());
                        filter.addMappingForUrlPatterns(EnumSet.copyOf(registered.dispatchers()), false, "/*");
                    }
                    if (registered.listener()) {
                        application.addListener(new DreamlakeSessionListener());
                    }
                },
                Set.of());
        ErrorPage page = new ErrorPage();
        page.setErrorCode(500);
        page.setLocation("/error");
        context.addErrorPage(page);
        tomcat.start();
    }

    private static final class WorkServlet extends HttpServlet {
        private static final long serialVersionUID = 1;

        private final transient Work work;

        WorkServlet(Work work) {
            this.work = work;
        }

        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
            try {
                work.serve(request, response);
            } catch (IOException | RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + tomcat.getConnector().getLocalPort() + path));
    }

    /** Returns the status. */
    int send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString()).statusCode();
    }

    /** Returns the status. */
    int get(String path, String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request = request(path);
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        return send(request);
    }

    /** A path that the HTTP client would refuse. Returns the status line. */
    String getAsItIs(String path) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", tomcat.getConnector().getLocalPort())) {
            socket.getOutputStream()
                    .write(("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII)
                    .lines()
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** Returns when every request has ended. */
    @Override
    public void close() throws LifecycleException {
        tomcat.stop();
        tomcat.destroy();
        tomcatsLogger.removeHandler(toTest);
        tomcatsLogger.setUseParentHandlers(true);
    }
}
