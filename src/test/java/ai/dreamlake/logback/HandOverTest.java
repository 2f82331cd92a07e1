package ai.dreamlake.logback;

import static ai.dreamlake.logback.support.FakeDreamlake.answer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.support.ChildJvm;
import ai.dreamlake.logback.support.FakeDreamlake;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import ch.qos.logback.core.util.Duration;
import java.io.File;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.MDC;

/** Delivery when appenders stop and JVMs exit (I9). */
@Timeout(90)
class HandOverTest {

    @TempDir
    Path root;

    private final FakeDreamlake server = FakeDreamlake.start();

    @AfterEach
    void stop() {
        server.close();
    }

    private static Logging logging(Path root, String url, Duration shutdownTimeout) {
        return logging(root, url, shutdownTimeout, "DREAMLAKE");
    }

    private static Logging logging(Path root, String url, Duration shutdownTimeout, String name) {
        return Logging.to(root, appender -> {
            appender.setName(name);
            appender.setRemote(url);
            appender.setApiKey(FakeDreamlake.TOKEN);
            appender.setWorkspace("project");
            appender.setSession("run");
            appender.getUpload().setInterval(Duration.buildByHours(1));
            appender.getUpload().setShutdownTimeout(shutdownTimeout);
        });
    }

    private Logging logging(Duration shutdownTimeout) {
        return logging(root, server.url(), shutdownTimeout);
    }

    private static Stream<String> uploadThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("dreamlake-upload-"));
    }

    private static void log(Logging logging, int from, int to) {
        for (int i = from; i < to; i++) {
            logging.log.info("m" + i);
        }
    }

    private static List<String> messages(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> "m" + i).toList();
    }

    private static int closedPort() throws IOException {
        try (ServerSocket reserved = new ServerSocket(0)) {
            return reserved.getLocalPort();
        }
    }

    /** What a program does in its shutdown hook. */
    enum LastDeeds {
        /** A request goes on, and logs from time to time. */
        A_REQUEST_ENDS,
        /** Something is logged, and then Logback is stopped, as a framework does. */
        LOGBACK_STOPS,
        /** The hook logs, and ends. */
        A_LAST_WORD,
        /** The hook logs, and waits for the delivery. */
        AWAITS_DELIVERY
    }

    /** Arguments: path, URL, deeds. Logs ten records, and more in a shutdown hook, while it is terminated. */
    static final class Terminated {
        public static void main(String[] arguments) throws InterruptedException {
            Logging logging = logging(Path.of(arguments[0]), arguments[1], Duration.buildByMinutes(1));
            log(logging, 0, 10);
            Runtime.getRuntime().addShutdownHook(new Thread(() -> act(logging, LastDeeds.valueOf(arguments[2]))));
            System.out.println("ready");
            new CountDownLatch(1).await();
        }

        private static void act(Logging logging, LastDeeds deeds) {
            switch (deeds) {
                case A_REQUEST_ENDS -> {
                    for (int i = 10; i < 60; i++) {
                        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
                        log(logging, i, i + 1);
                    }
                }
                case LOGBACK_STOPS -> {
                    LockSupport.parkNanos(
                            TimeUnit.MILLISECONDS.toNanos(600)); // until the appender's own hook has ended
                    log(logging, 10, 60);
                    logging.close();
                }
                case A_LAST_WORD -> log(logging, 10, 60);
                case AWAITS_DELIVERY -> {
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(600));
                    log(logging, 10, 60);
                    System.out.println(logging.appender.awaitDelivery(java.time.Duration.ofMinutes(1)));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatIsLoggedWhileTheJvmExitsIsDelivered(LastDeeds deeds) {
        try (ChildJvm child = ChildJvm.start(Terminated.class, root, server.url(), deeds)) {
            assertThat(child.readLine()).isEqualTo("ready");
            child.terminate();
            assertThat(child.remainingLines())
                    .isEqualTo(deeds == LastDeeds.AWAITS_DELIVERY ? List.of("true") : List.of());
            child.waitFor();
        }
        assertThat(server.messages("project/run")).isEqualTo(messages(0, 60));
    }

    @Test
    void aStopWaitsForNoServerAndThreadsEndEvenIfNothingCouldBeDelivered() throws IOException {
        Logging logging = logging(root, "http://localhost:" + closedPort(), Duration.buildByMilliseconds(700));
        log(logging, 0, 10);
        logging.appender.awaitDelivery(java.time.Duration.ofMillis(200));
        logging.context.stop();
        await().until(() -> uploadThreads().findAny().isEmpty());
        assertThat(logging.appender.getStatistics().pending()).isEqualTo(10);
    }

    @Test
    void afterAStopDeliveryGoesOnUntilAllIsDelivered() {
        server.millisPerRequest = 200;
        Logging logging = logging(Duration.buildByHours(1));
        log(logging, 0, 10);
        logging.context.stop();
        assertThat(server.messages("project/run")).as("the stop did not wait").isEmpty();
        await().until(() -> server.messages("project/run").equals(messages(0, 10)));
        await().until(() -> logging.appender.getStatistics().delivered() == 10);
    }

    @Test
    void theNextAppenderTakesOverWhatThePreviousOneHasNotDelivered() {
        server.instead.set(request -> answer(503, ""));
        Logging first = logging(root, server.url(), Duration.buildByHours(1), "FIRST");
        log(first, 0, 10);
        assertThat(first.appender.awaitDelivery(java.time.Duration.ofMillis(200)))
                .isFalse();
        first.context.stop();
        try (Logging second = logging(Duration.buildByHours(1))) {
            await().until(() -> uploadThreads().noneMatch(name -> name.contains("FIRST")));
            assertThat(first.infos()).noneMatch(info -> info.contains("Not delivered yet"));
            server.instead.set(request -> null);
            log(second, 10, 20);
            assertThat(second.appender.awaitDelivery(java.time.Duration.ofMinutes(1)))
                    .isTrue();
        }
        assertThat(server.messages("project/run")).isEqualTo(messages(0, 20));
    }

    @Test
    void aResetWhileTheServerIsUnreachableDoesNotBlock() throws Exception {
        Logging logging = logging(root, "http://localhost:" + closedPort(), Duration.buildByHours(1));
        for (int round = 0; round < 20; round++) {
            log(logging, 10 * round, 10 * round + 10);
            logging.appender.stop();
            logging.appender.start();
        }
        log(logging, 200, 210);
        logging.close();
        assertThat(logging.errors()).isEmpty();
        assertThat(SessionOnDisk.of(root, "project", "run").messages()).isEqualTo(messages(0, 210));
    }

    @Test
    void manySessionsCostADeadServerFewAttempts() throws Exception {
        int port = closedPort();
        AtomicInteger attempts = new AtomicInteger();
        int sessions = 500;
        Logging logging = Logging.to(root, appender -> {
            appender.setRemote("http://localhost:" + port);
            appender.setApiKey(FakeDreamlake.TOKEN);
            appender.setMaxOpenSessions(50);
            appender.getUpload().setInterval(Duration.buildByMilliseconds(1));
            appender.getUpload().setShutdownTimeout(Duration.buildByMilliseconds(0));
            appender.addListener(new DreamlakeListener() {
                @Override
                public void retried(String workspace, String session, String reason, java.time.Duration wait) {
                    attempts.incrementAndGet();
                }
            });
        });
        for (int i = 0; i < sessions; i++) {
            MDC.put("dreamlake.session", "s" + i);
            logging.log.info("the only record");
        }
        MDC.clear();
        assertThat(logging.appender.awaitDelivery(java.time.Duration.ofSeconds(3)))
                .isFalse();
        assertThat(attempts.get())
                .as("of four threads at first, and then of one at a time")
                .isBetween(1, 60);
        try (FakeDreamlake later = FakeDreamlake.start(port)) {
            assertThat(logging.appender.awaitDelivery(java.time.Duration.ofMinutes(1)))
                    .isTrue();
            assertThat(later.sessionCount()).isEqualTo(sessions);
        }
        logging.close();
    }

    /** An application with libraries of its own, which a server deploys and undeploys. */
    public static final class WebApplication {
        public static void run(Path root, String url) {
            Logging logging = logging(root, url, Duration.buildByHours(1));
            log(logging, 0, 10);
            logging.appender.awaitDelivery(java.time.Duration.ofMillis(500));
            logging.close();
        }
    }

    /** Does not wait for its threads. Its last records are not delivered yet when it ends. */
    public static final class HastyApplication {
        public static void run(Path root, String url) {
            Logging logging = logging(root, url, Duration.buildByHours(1));
            log(logging, 0, 5);
            logging.appender.awaitDelivery(java.time.Duration.ofMinutes(1));
            log(logging, 5, 10);
            logging.context.stop();
        }
    }

    /** An application server refuses to load classes for an application that it has undeployed. */
    @Test
    void anApplicationThatCanLoadNoClassAfterItsStopIsStillDeliveredAndEndsQuietly() throws Exception {
        CountDownLatch undeployed = new CountDownLatch(1);
        server.instead.set(request -> {
            if (FakeDreamlake.body(request).contains("m9")) {
                awaitUninterrupted(undeployed);
            }
            return null;
        });
        List<String> died = new CopyOnWriteArrayList<>();
        Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> {
            if (thread.getName().startsWith("dreamlake")) { // OkHttp's threads may
                died.add(thread.getName() + ": " + failure);
            }
        });
        try (URLClassLoader loader = applicationLoader()) {
            deploy(HastyApplication.class, loader, server.url());
            loader.close();
            undeployed.countDown();
            await().dontCatchUncaughtExceptions()
                    .atMost(60, TimeUnit.SECONDS)
                    .untilAsserted(() -> assertThat(left(loader)).isEmpty());
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(before);
        }
        assertThat(died).isEmpty();
        assertThat(server.messages("project/run"))
                .isEqualTo(IntStream.range(0, 10).mapToObj(i -> "m" + i).toList());
    }

    private static void awaitUninterrupted(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Threads and files that an undeployed application keeps. OkHttp's and Okio's end a minute later. */
    private List<String> left(ClassLoader loader) throws IOException {
        List<String> left = new ArrayList<>();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            boolean isItsOwn = thread.getContextClassLoader() == loader
                    || thread.getClass().getClassLoader() == loader;
            if (isItsOwn
                    && !thread.getName().startsWith("OkHttp")
                    && !thread.getName().startsWith("Okio")) {
                left.add(thread.getName());
            }
        }
        Path descriptors = Path.of("/proc/self/fd");
        if (Files.isDirectory(descriptors)) {
            try (DirectoryStream<Path> open = Files.newDirectoryStream(descriptors)) {
                for (Path descriptor : open) {
                    String file = Files.isSymbolicLink(descriptor) ? read(descriptor) : "";
                    if (file.startsWith(root.toString())) {
                        left.add(file);
                    }
                }
            }
        }
        return left;
    }

    private static String read(Path link) throws IOException {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (NoSuchFileException closedMeanwhile) {
            return "";
        }
    }

    private static URLClassLoader applicationLoader() throws IOException {
        List<URL> classPath = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            classPath.add(Path.of(entry).toUri().toURL());
        }
        return new URLClassLoader(classPath.toArray(new URL[0]), ClassLoader.getPlatformClassLoader());
    }

    /** Runs an application from its start to its stop. */
    private void deploy(Class<?> application, ClassLoader loader, String url) throws InterruptedException {
        Thread deploying = new Thread(() -> {
            try {
                Class.forName(application.getName(), true, loader)
                        .getMethod("run", Path.class, String.class)
                        .invoke(null, root, url);
            } catch (ReflectiveOperationException e) {
                throw new AssertionError(e);
            }
        });
        deploying.setContextClassLoader(loader);
        deploying.start();
        deploying.join();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anUndeployedApplicationLeavesNoThreadAndNoFile(boolean isServerAway) throws Exception {
        String url = isServerAway ? "http://localhost:" + closedPort() : server.url();
        try (URLClassLoader loader = applicationLoader()) {
            deploy(WebApplication.class, loader, url);
            await().atMost(60, TimeUnit.SECONDS)
                    .untilAsserted(() -> assertThat(left(loader)).isEmpty());
        }
    }
}
