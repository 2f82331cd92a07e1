package ai.dreamlake.logback.reactor;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.DreamlakeSession;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import io.micrometer.context.ContextRegistry;
import io.micrometer.context.integration.Slf4jThreadLocalAccessor;
import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.MDC;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Hooks;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/** The sessions to which operators log on the threads of Reactor's schedulers, with automatic propagation. */
class DreamlakeReactorTest {

    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final int THREADS = 4;

    @TempDir
    Path root;

    private Logging logging;

    /** Threads that the test can inspect afterwards. */
    private final ExecutorService threads = Executors.newFixedThreadPool(THREADS);

    private final Scheduler scheduler = Schedulers.fromExecutorService(threads);

    @BeforeEach
    void open() {
        Hooks.enableAutomaticContextPropagation();
        // Each record is in the log when its call returns.
        logging = Logging.to(
                root, appender -> appender.setWriteDelay(ch.qos.logback.core.util.Duration.buildByMilliseconds(0)));
    }

    @AfterEach
    void close() throws Exception {
        Hooks.disableAutomaticContextPropagation();
        ContextRegistry.getInstance().removeThreadLocalAccessor("cp.slf4j");
        try {
            assertThat(entriesLeft()).isEmpty();
        } finally {
            logging.close();
            scheduler.dispose();
            threads.shutdown();
            MDC.clear();
        }
    }

    /** What is left of sessions in the MDC of this thread and of each thread of the scheduler. */
    private List<String> entriesLeft() throws Exception {
        CyclicBarrier all = new CyclicBarrier(THREADS);
        List<String> left = new ArrayList<>();
        List<Future<String>> found = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            found.add(threads.submit(() -> {
                all.await();
                return entriesOfThread();
            }));
        }
        for (Future<String> each : found) {
            left.add(each.get());
        }
        left.add(entriesOfThread());
        left.removeIf(String::isEmpty);
        return left;
    }

    private static String entriesOfThread() {
        Map<String, String> mdc = MDC.getCopyOfContextMap();
        return mdc == null
                ? ""
                : mdc.entrySet().stream()
                        .filter(entry -> entry.getKey().startsWith("dreamlake."))
                        .map(Object::toString)
                        .collect(joining(" "));
    }

    private List<String> in(String workspace, String session) {
        SessionOnDisk onDisk = SessionOnDisk.of(root, workspace, session);
        return Files.exists(onDisk.log()) ? onDisk.messages() : List.of();
    }

    private void assertNothingElsewhere() {
        assertThat(in("default", "default")).isEmpty();
    }

    @Test
    void badNamesAreRefusedAtOnce() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DreamlakeReactor.session("project", "../x"))
                .withMessage("session segment \"..\" begins with a dot");
        assertThatIllegalArgumentException().isThrownBy(() -> DreamlakeReactor.session("a/b", "s"));
        assertThatIllegalArgumentException().isThrownBy(() -> DreamlakeReactor.session(null, "s"));
        assertThatIllegalArgumentException().isThrownBy(() -> DreamlakeReactor.session("p", null));
    }

    @Test
    void everyOperatorLogsInTheSessionOnAnyThread() {
        List<Integer> seen = Flux.range(0, 20)
                .doOnSubscribe(subscription -> logging.log.info("subscribed"))
                .doOnNext(i -> logging.log.info("before"))
                .publishOn(scheduler)
                .map(i -> {
                    logging.log.info("published");
                    return i;
                })
                .flatMap(i -> Mono.fromCallable(() -> {
                            logging.log.info("called");
                            return i;
                        })
                        .subscribeOn(i % 2 == 0 ? Schedulers.boundedElastic() : scheduler))
                .delayElements(Duration.ofMillis(1), Schedulers.parallel())
                .doOnNext(i -> logging.log.info("delayed"))
                .doOnComplete(() -> logging.log.info("complete"))
                .doFinally(signal -> logging.log.info("finally"))
                .contextWrite(DreamlakeReactor.session("p", "s"))
                .collectList()
                .block(PATIENCE);
        assertThat(seen).hasSize(20);
        await().untilAsserted(() -> assertThat(in("p", "s")).hasSize(83));
        SessionOnDisk.of(root, "p", "s").assertGapless(83);
        assertNothingElsewhere();
    }

    @Test
    void parallelRailsLogInTheSession() {
        Flux.range(0, 100)
                .parallel(4)
                .runOn(scheduler)
                .doOnNext(i -> logging.log.info("on a rail"))
                .sequential()
                .contextWrite(DreamlakeReactor.session("p", "s"))
                .blockLast(PATIENCE);
        assertThat(in("p", "s")).hasSize(100);
        assertNothingElsewhere();
    }

    @Test
    void operatorsAfterTheSessionIsNamedAreOutsideIt() {
        Mono.just(1)
                .publishOn(scheduler)
                .doOnNext(i -> logging.log.info("inside"))
                .contextWrite(DreamlakeReactor.session("p", "inner"))
                .doOnNext(i -> logging.log.info("around"))
                .contextWrite(DreamlakeReactor.session("p", "outer"))
                .doOnNext(i -> logging.log.info("outside"))
                .block(PATIENCE);
        assertThat(in("p", "inner")).containsExactly("inside");
        assertThat(in("p", "outer")).containsExactly("around");
        assertThat(in("default", "default")).containsExactly("outside");
    }

    @Test
    void aFailedPipelineLogsItsFailureInTheSession() {
        String result = Mono.<String>fromCallable(() -> {
                    logging.log.info("called");
                    throw new IllegalStateException("no data");
                })
                .subscribeOn(scheduler)
                .doOnError(failure -> logging.log.error("failed"))
                .retryWhen(reactor.util.retry.Retry.fixedDelay(2, Duration.ofMillis(1)))
                .doFinally(signal -> logging.log.info("finally"))
                .onErrorResume(failure -> {
                    logging.log.warn("given up");
                    return Mono.just("nothing");
                })
                .contextWrite(DreamlakeReactor.session("p", "s"))
                .block(PATIENCE);
        assertThat(result).isEqualTo("nothing");
        await().untilAsserted(() -> assertThat(in("p", "s"))
                .containsExactlyInAnyOrder(
                        "called", "failed", "called", "failed", "called", "failed", "finally", "given up"));
        assertNothingElsewhere();
    }

    @Test
    void aCancelledPipelineLogsItsEndInTheSession() throws InterruptedException {
        CountDownLatch running = new CountDownLatch(1);
        Sinks.Many<Integer> source = Sinks.many().unicast().onBackpressureBuffer();
        Disposable pipeline = source.asFlux()
                .publishOn(scheduler)
                .doOnNext(i -> {
                    logging.log.info("next");
                    running.countDown();
                })
                .doOnCancel(() -> logging.log.info("cancelled"))
                .doFinally(signal -> logging.log.info("finally " + signal))
                .contextWrite(DreamlakeReactor.session("p", "s"))
                .subscribe();
        source.tryEmitNext(1).orThrow();
        assertThat(running.await(1, TimeUnit.MINUTES)).isTrue();
        pipeline.dispose();
        await().untilAsserted(() -> assertThat(in("p", "s")).containsExactly("next", "cancelled", "finally cancel"));
        assertNothingElsewhere();
    }

    @Test
    void aPipelineThatIsGivenAnotherThreadsValuesLogsInItsOwnSession() throws Exception {
        Sinks.Many<Integer> source = Sinks.many().multicast().onBackpressureBuffer();
        CountDownLatch done = new CountDownLatch(2);
        for (String session : List.of("one", "two")) {
            source.asFlux()
                    .doOnNext(i -> logging.log.info(session))
                    .doOnComplete(done::countDown)
                    .contextWrite(DreamlakeReactor.session("p", session))
                    .subscribe();
        }
        Thread emitting = new Thread(() -> {
            try (DreamlakeSession scope = DreamlakeSession.open("p", "emitting")) {
                for (int i = 0; i < 50; i++) {
                    source.tryEmitNext(i).orThrow();
                    logging.log.info("emitted");
                }
                source.tryEmitComplete().orThrow();
            }
        });
        emitting.start();
        assertThat(done.await(1, TimeUnit.MINUTES)).isTrue();
        emitting.join();
        for (String session : List.of("one", "two")) {
            assertThat(in("p", session)).hasSize(50).containsOnly(session);
        }
        assertThat(in("p", "emitting")).hasSize(50).containsOnly("emitted");
        assertNothingElsewhere();
    }

    /** Another carrier of the MDC besides the session's. */
    enum Beside {
        NOBODY,
        /** The context has an MDC without the session. */
        THE_WHOLE_MDC,
        /** The context has no MDC, so the thread's must be cleared. */
        THE_WHOLE_MDC_NOT_CAPTURED
    }

    @ParameterizedTest
    @EnumSource
    void pipelinesThatRunTogetherNeverMix(Beside beside) {
        if (beside != Beside.NOBODY) {
            ContextRegistry.getInstance().registerThreadLocalAccessor(new Slf4jThreadLocalAccessor());
            MDC.put("user", "alice");
        }
        Mono<Integer> last = Flux.range(0, 50).flatMap(this::pipeline, 50).last();
        (beside == Beside.THE_WHOLE_MDC ? last.contextCapture() : last)
                .toFuture()
                .orTimeout(1, TimeUnit.MINUTES)
                .join();
        for (int job = 0; job < 50; job++) {
            SessionOnDisk session = SessionOnDisk.of(root, "p", "job-" + job);
            session.assertGapless(62);
            assertThat(session.messages()).containsOnly("job " + job);
            if (beside == Beside.THE_WHOLE_MDC) {
                assertThat(session.records())
                        .extracting(record -> record.at("/metadata/user").asString())
                        .containsOnly("alice");
            }
        }
        assertNothingElsewhere();
    }

    private Mono<Integer> pipeline(int job) {
        String message = "job " + job;
        return Flux.range(0, 20)
                .doOnSubscribe(subscription -> logging.log.info(message))
                .publishOn(scheduler)
                .doOnNext(i -> logging.log.info(message))
                .flatMap(i -> Mono.fromCallable(() -> {
                            logging.log.info(message);
                            return i;
                        })
                        .subscribeOn(i % 2 == 0 ? Schedulers.boundedElastic() : scheduler))
                .delayElements(Duration.ofMillis(1))
                .doOnNext(i -> logging.log.info(message))
                .reduce(Integer::sum)
                .doOnNext(sum -> logging.log.info(message))
                .contextWrite(DreamlakeReactor.session("p", "job-" + job));
    }

    @Test
    void aScopeOnTheSubscribersThreadIsCarriedByContextCaptureAndStaysOpenThere() {
        try (DreamlakeSession scope = DreamlakeSession.open("p", "s")) {
            Mono.fromCallable(() -> {
                        logging.log.info("carried");
                        return 1;
                    })
                    .subscribeOn(scheduler)
                    .contextCapture()
                    .toFuture()
                    .join();
            logging.log.info("still there");
        }
        logging.log.info("closed");
        assertThat(in("p", "s")).containsExactly("carried", "still there");
        assertThat(in("default", "default")).containsExactly("closed");
    }

    @Test
    void scopesThatAnotherThreadClosesDoNotLeakIntoThePipelinesBesideThem() {
        Mono<?>[] pipelines = Stream.iterate(0, i -> i < 50, i -> i + 1)
                .flatMap(i -> Stream.of(scoped(i), pipeline(i)))
                .toArray(Mono<?>[]::new);
        Flux.just(pipelines).flatMap(pipeline -> pipeline, 100).blockLast(PATIENCE);
        for (int job = 0; job < 50; job++) {
            assertThat(in("p", "job-" + job)).hasSize(62).containsOnly("job " + job);
            assertThat(in("scoped", "job-" + job)).containsOnly("in the scope");
        }
    }

    /** A scope is opened on a thread of the scheduler, and closed on one of Reactor's own. */
    private Mono<Integer> scoped(int job) {
        return Mono.using(
                        () -> DreamlakeSession.open("scoped", "job-" + job),
                        scope -> Mono.fromCallable(() -> {
                                    logging.log.info("in the scope");
                                    return job;
                                })
                                .delayElement(Duration.ofMillis(1), Schedulers.parallel()),
                        DreamlakeSession::close)
                .subscribeOn(scheduler);
    }

    /** An application with its own libraries. */
    public static final class Application {
        public static String run() {
            return Mono.just("result")
                    .contextWrite(DreamlakeReactor.session("p", "s"))
                    .block(Duration.ofMinutes(1));
        }
    }

    @Test
    void withoutContextPropagationThePipelineStillRuns() throws Exception {
        List<URL> classPath = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (!entry.contains("context-propagation")) {
                classPath.add(Path.of(entry).toUri().toURL());
            }
        }
        try (URLClassLoader loader =
                new URLClassLoader(classPath.toArray(new URL[0]), ClassLoader.getPlatformClassLoader())) {
            Class<?> application = Class.forName(Application.class.getName(), true, loader);
            assertThat(application.getMethod("run").invoke(null)).isEqualTo("result");
        }
    }
}
