package ai.dreamlake.logback.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.util.ClassUtils;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Schedulers;

/**
 * The sessions of requests in a server of Spring Boot 3.5. The examples have these tests for Boot 4, whose servers are
 * in separate jars.
 */
class SpringWebTest {

    private static final HttpClient HTTP = HttpClient.newHttpClient();

    /** The previous value. "none" keeps Spring Boot from reconfiguring Logback for all tests in this JVM. */
    private final String loggingSystem = System.getProperty("org.springframework.boot.logging.LoggingSystem");

    private ConfigurableApplicationContext context;

    @BeforeEach
    void onlyWithItsOwnServer() {
        assumeTrue(ClassUtils.isPresent(
                "org.springframework.boot.web.embedded.tomcat.TomcatServletWebServerFactory", null));
        System.setProperty("org.springframework.boot.logging.LoggingSystem", "none");
    }

    @AfterEach
    void stop() {
        if (context != null) {
            context.close();
        }
        if (loggingSystem == null) {
            System.clearProperty("org.springframework.boot.logging.LoggingSystem");
        }
    }

    private static String session() {
        return MDC.get("dreamlake.workspace") + "/" + MDC.get("dreamlake.session");
    }

    @Configuration
    @EnableAutoConfiguration
    @RestController
    static class Servlets {
        @GetMapping("/now")
        String now() {
            return session();
        }

        @GetMapping("/callable")
        Callable<String> callable() {
            return SpringWebTest::session;
        }

        @GetMapping("/jobs/{job}")
        String job(@PathVariable("job") String job) {
            return session();
        }

        @GetMapping("/jobs/{job}/callable")
        Callable<String> jobLater(@PathVariable("job") String job) {
            return SpringWebTest::session;
        }
    }

    @Configuration
    @EnableAutoConfiguration
    @RestController
    static class Reactive {
        @GetMapping("/now")
        Mono<String> now() {
            return Mono.fromCallable(SpringWebTest::session);
        }

        @GetMapping("/failing")
        Mono<String> failing() {
            return Mono.error(new IllegalStateException("there is no data"));
        }

        @GetMapping("/later")
        Mono<String> later() {
            return Mono.delay(Duration.ofMillis(5))
                    .publishOn(Schedulers.boundedElastic())
                    .map(tick -> session());
        }
    }

    private void start(Class<?> application, WebApplicationType type, String... properties) {
        String[] arguments = Stream.concat(
                        Stream.of("--server.port=0", "--spring.main.banner-mode=off"), Arrays.stream(properties))
                .toArray(String[]::new);
        context = new SpringApplicationBuilder(application).web(type).run(arguments);
    }

    private String get(String path, String... headers) throws IOException, InterruptedException {
        String port = context.getEnvironment().getProperty("local.server.port");
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + path));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return HTTP.send(request.build(), BodyHandlers.ofString()).body();
    }

    @Test
    void nothingHappensWithoutAProperty() throws Exception {
        start(Servlets.class, WebApplicationType.SERVLET);
        assertThat(get("/now", "X-Experiment", "run")).isEqualTo("null/null");
        assertThat(context.getBeansOfType(jakarta.servlet.Filter.class).keySet())
                .noneMatch(name -> name.contains("dreamlake"));
    }

    @Test
    void aRequestIsInTheSessionThatItsHeaderItsParameterOrItsPathNames() throws Exception {
        start(
                Servlets.class,
                WebApplicationType.SERVLET,
                "--dreamlake.web.header=X-Experiment",
                "--dreamlake.web.parameter=experiment",
                "--dreamlake.web.path-variable=job",
                "--dreamlake.web.workspace=web",
                "--server.tomcat.threads.max=1");
        assertThat(get("/now", "X-Experiment", "run-1")).isEqualTo("web/run-1");
        assertThat(get("/now")).isEqualTo("null/null");
        assertThat(get("/now?experiment=run-2")).isEqualTo("web/run-2");
        assertThat(get("/callable", "X-Experiment", "run-3")).isEqualTo("web/run-3");
        assertThat(get("/callable")).isEqualTo("null/null");
        assertThat(get("/jobs/run-4")).isEqualTo("web/run-4");
        assertThat(get("/jobs/run-5/callable")).isEqualTo("web/run-5");
        assertThat(get("/now")).isEqualTo("null/null");
        assertThat(get("/jobs/run-6", "X-Experiment", "first")).isEqualTo("web/first");
        assertThat(get("/now", "X-Experiment", "../x")).isEqualTo("null/null");
        assertThat(get("/now", "X-Experiment", "a", "X-Experiment", "b")).isEqualTo("null/null");
        assertThat(get("/jobs/" + "x".repeat(65))).isEqualTo("null/null");
    }

    @Test
    void clientsCannotOpenAnyNumberOfSessions() throws Exception {
        start(
                Servlets.class,
                WebApplicationType.SERVLET,
                "--dreamlake.web.path-variable=job",
                "--dreamlake.web.pattern=run-.*",
                "--dreamlake.web.max-sessions=2");
        assertThat(get("/jobs/other")).isEqualTo("null/null");
        assertThat(get("/jobs/run-1")).isEqualTo("null/run-1");
        assertThat(get("/jobs/run-2")).isEqualTo("null/run-2");
        assertThat(get("/jobs/run-3")).isEqualTo("null/null");
        assertThat(get("/jobs/run-1")).isEqualTo("null/run-1");
    }

    @Test
    void whatWebFluxItselfLogsAboutAFailedRequestIsInItsSession() throws Exception {
        start(
                Reactive.class,
                WebApplicationType.REACTIVE,
                "--spring.reactor.context-propagation=auto",
                "--dreamlake.web.header=X-Experiment");
        Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        Map<String, String> sessions = new ConcurrentHashMap<>();
        AppenderBase<ILoggingEvent> seen = new AppenderBase<>() {
            @Override
            protected void append(ILoggingEvent event) {
                sessions.put(
                        event.getFormattedMessage(),
                        String.valueOf(event.getMDCPropertyMap().get("dreamlake.session")));
            }
        };
        seen.start();
        root.addAppender(seen);
        try {
            get("/failing", "X-Experiment", "broken");
        } finally {
            root.detachAppender(seen);
        }
        assertThat(sessions)
                .anySatisfy((message, session) -> assertThat(message).contains("500 Server Error for HTTP GET"))
                .allSatisfy(
                        (message, session) -> assertThat(session).as(message).isEqualTo("broken"));
    }

    @Test
    void aReactiveRequestIsInItsSessionOnEveryThread() throws Exception {
        start(
                Reactive.class,
                WebApplicationType.REACTIVE,
                "--spring.reactor.context-propagation=auto",
                "--dreamlake.web.header=X-Experiment",
                "--dreamlake.web.parameter=experiment",
                "--dreamlake.web.workspace=web");
        ExecutorService clients = Executors.newFixedThreadPool(12);
        try {
            List<Future<String>> answers = new ArrayList<>();
            for (int i = 0; i < 48; i++) {
                String name = "run-" + i;
                answers.add(clients.submit(() -> get("/later", "X-Experiment", name)));
            }
            for (int i = 0; i < 48; i++) {
                assertThat(answers.get(i).get()).isEqualTo("web/run-" + i);
            }
        } finally {
            clients.shutdown();
        }
        assertThat(get("/now?experiment=run-7")).isEqualTo("web/run-7");
        assertThat(get("/now")).isEqualTo("null/null");
        assertThat(get("/later")).isEqualTo("null/null");
        assertThat(get("/now", "X-Experiment", "..")).isEqualTo("null/null");
    }
}
