package ai.dreamlake.logback.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.DreamlakeSession;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import io.micrometer.context.ContextExecutorService;
import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ContextSnapshotFactory;
import io.micrometer.context.ThreadLocalAccessor;
import io.micrometer.context.integration.Slf4jThreadLocalAccessor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.MDC;

/** Pools that carry the context of the submitting thread, alone and together with accessors for the MDC. */
class PoolsTest {

    private static final int THREADS = 4;
    private static final int JOBS = 24;
    private static final int TASKS = 20;

    /** Another carrier of the MDC. */
    enum Beside {
        NOBODY((registry, session) -> {}),
        SOME_KEYS((registry, session) -> registry.registerThreadLocalAccessor(new Slf4jThreadLocalAccessor("user"))),
        KEYS_OF_OURS((registry, session) -> registry.registerThreadLocalAccessor(
                new Slf4jThreadLocalAccessor("user", "dreamlake.workspace", "dreamlake.session", "dreamlake.scope"))),
        THE_WHOLE_MDC((registry, session) -> registry.registerThreadLocalAccessor(new Slf4jThreadLocalAccessor())),
        THE_WHOLE_MDC_BEFORE_OURS(
                (registry, session) -> registry.registerThreadLocalAccessor(new Slf4jThreadLocalAccessor())
                        .registerThreadLocalAccessor(session)),
        BY_HAND((registry, session) -> registry.registerThreadLocalAccessor(
                "cp.slf4j", MDC::getCopyOfContextMap, MDC::setContextMap, MDC::clear));

        final BiConsumer<ContextRegistry, ThreadLocalAccessor<?>> registration;

        Beside(BiConsumer<ContextRegistry, ThreadLocalAccessor<?>> registration) {
            this.registration = registration;
        }

        void register() {
            ContextRegistry registry = ContextRegistry.getInstance();
            ThreadLocalAccessor<?> session = registry.getThreadLocalAccessors().stream()
                    .filter(accessor -> accessor.key().equals(SessionAccessor.KEY))
                    .findAny()
                    .orElseThrow();
            registration.accept(registry, session);
        }
    }

    @TempDir
    Path root;

    @AfterEach
    void clear() {
        ContextRegistry.getInstance().removeThreadLocalAccessor("cp.slf4j");
        MDC.clear();
    }

    private static Map<String, String> mdc() {
        Map<String, String> mdc = MDC.getCopyOfContextMap();
        return mdc == null ? Map.of() : mdc;
    }

    /** Runs a task on each thread of the pool. */
    private static void onEachThread(ExecutorService pool, Runnable task) throws Exception {
        CyclicBarrier all = new CyclicBarrier(THREADS);
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            running.add(pool.submit(() -> {
                all.await();
                task.run();
                return null;
            }));
        }
        for (Future<?> each : running) {
            each.get();
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyRecordIsInTheSessionOfItsSubmitterAndEveryThreadIsAsBefore(Beside beside) throws Exception {
        beside.register();
        ExecutorService pool = Executors.newFixedThreadPool(THREADS);
        ExecutorService propagating = ContextExecutorService.wrap(
                pool, ContextSnapshotFactory.builder().build());
        try (Logging logging = Logging.to(root)) {
            List<Future<?>> running = new ArrayList<>();
            for (int job = 0; job < JOBS; job++) {
                MDC.put("user", "user-" + job);
                try (DreamlakeSession scope = DreamlakeSession.open("p", "job-" + job)) {
                    for (int i = 0; i < TASKS; i++) {
                        running.add(propagating.submit(() -> logging.log.info("task")));
                    }
                }
            }
            for (Future<?> task : running) {
                task.get();
            }
            onEachThread(pool, () -> assertThat(DreamlakeSession.current()).isEmpty());
            MDC.clear();
        } finally {
            pool.shutdown();
        }
        assertThat(root.resolve("default")).doesNotExist();
        for (int job = 0; job < JOBS; job++) {
            SessionOnDisk session = SessionOnDisk.of(root, "p", "job-" + job);
            session.assertGapless(TASKS);
            if (beside != Beside.NOBODY) {
                assertThat(session.records())
                        .extracting(record -> record.at("/metadata/user").asString())
                        .containsOnly("user-" + job);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void threadsWithSessionsOfTheirOwnGetThemBack(Beside beside) throws Exception {
        beside.register();
        AtomicInteger number = new AtomicInteger();
        ExecutorService pool = Executors.newFixedThreadPool(THREADS, task -> {
            int own = number.getAndIncrement();
            return new Thread(() -> {
                MDC.put("user", "of the pool");
                try (DreamlakeSession scope = DreamlakeSession.open("pool", "thread-" + own)) {
                    task.run();
                }
                assertThat(mdc()).isEqualTo(Map.of("user", "of the pool"));
            });
        });
        ExecutorService propagating = ContextExecutorService.wrap(
                pool, ContextSnapshotFactory.builder().build());
        try (Logging logging = Logging.to(root)) {
            onEachThread(pool, () -> logging.log.info("own"));
            List<Future<?>> running = new ArrayList<>();
            for (int job = 0; job < JOBS; job++) {
                try (DreamlakeSession scope = DreamlakeSession.open("p", "job-" + job)) {
                    for (int i = 0; i < TASKS; i++) {
                        running.add(propagating.submit(() -> logging.log.info("task")));
                    }
                }
            }
            for (Future<?> task : running) {
                task.get();
            }
            onEachThread(pool, () -> {
                assertThat(MDC.get("user")).isEqualTo("of the pool");
                logging.log.info("own");
            });
        } finally {
            pool.shutdown();
        }
        assertThat(root.resolve("default")).doesNotExist();
        for (int job = 0; job < JOBS; job++) {
            SessionOnDisk.of(root, "p", "job-" + job).assertGapless(TASKS);
        }
        for (int thread = 0; thread < THREADS; thread++) {
            SessionOnDisk own = SessionOnDisk.of(root, "pool", "thread-" + thread);
            own.assertGapless(2);
            assertThat(own.messages()).containsOnly("own");
        }
    }
}
