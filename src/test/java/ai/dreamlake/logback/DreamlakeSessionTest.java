package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.dreamlake.logback.support.VirtualThreads;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;

class DreamlakeSessionTest {

    @AfterEach
    void nothingIsLeftInTheMdc() {
        Map<String, String> left = MDC.getCopyOfContextMap();
        MDC.clear();
        assertThat(left == null ? Map.of() : left).as("left in the MDC").isEmpty();
        assertThat(DreamlakeSession.current()).isEmpty();
    }

    /** The session that the MDC names, as workspace/session. */
    private static String mdc() {
        String session = MDC.get("dreamlake.session");
        return session == null ? "none" : MDC.get("dreamlake.workspace") + "/" + session;
    }

    @Test
    void aScopeNamesTheSessionUntilItIsClosed() {
        assertThat(mdc()).isEqualTo("none");
        try (DreamlakeSession session = DreamlakeSession.open("project", "my-experiment")) {
            assertThat(mdc()).isEqualTo("project/my-experiment");
            assertThat(session.workspace()).isEqualTo("project");
            assertThat(session.name()).isEqualTo("my-experiment");
            assertThat(session).hasToString("project/my-experiment");
        }
        assertThat(mdc()).isEqualTo("none");
    }

    @Test
    void nestedScopesRestoreTheOuterOne() {
        try (DreamlakeSession outer = DreamlakeSession.open("p", "outer")) {
            try (DreamlakeSession inner =
                    DreamlakeSession.builder("p", "inner").description("d").open()) {
                assertThat(mdc()).isEqualTo("p/inner");
                assertThat(MDC.get("dreamlake.description")).contains("\"description\":\"d\"");
            }
            assertThat(mdc()).isEqualTo("p/outer");
            assertThat(MDC.get("dreamlake.description")).isNull();
        }
    }

    @Test
    void whatAFrameworkPutThereIsRestored() {
        MDC.put("dreamlake.session", "by the framework");
        MDC.put("other", "untouched");
        try (DreamlakeSession session = DreamlakeSession.open("p", "s")) {
            assertThat(mdc()).isEqualTo("p/s");
        }
        assertThat(MDC.get("dreamlake.session")).isEqualTo("by the framework");
        assertThat(MDC.get("dreamlake.workspace")).isNull();
        assertThat(MDC.get("other")).isEqualTo("untouched");
        MDC.clear();
    }

    @Test
    void closingTwiceDoesNoHarm() {
        DreamlakeSession outer = DreamlakeSession.open("p", "outer");
        DreamlakeSession inner = DreamlakeSession.open("p", "inner");
        inner.close();
        inner.close();
        assertThat(mdc()).isEqualTo("p/outer");
        outer.close();
        outer.close();
        inner.close();
        assertThat(mdc()).isEqualTo("none");
    }

    @Test
    void closingOutOfOrderDoesNoHarm() {
        DreamlakeSession outer = DreamlakeSession.open("p", "outer");
        DreamlakeSession middle = DreamlakeSession.open("p", "middle");
        DreamlakeSession inner = DreamlakeSession.open("p", "inner");
        outer.close();
        assertThat(mdc()).isEqualTo("p/inner");
        middle.close();
        assertThat(mdc()).isEqualTo("p/inner");
        inner.close();
        assertThat(mdc()).isEqualTo("none");

        outer = DreamlakeSession.open("p", "outer");
        middle = DreamlakeSession.open("p", "middle");
        inner = DreamlakeSession.open("p", "inner");
        middle.close();
        inner.close();
        assertThat(mdc()).isEqualTo("p/outer");
        outer.close();
    }

    @Test
    void scopesNestAsDeepAsCodeDoes() {
        Deque<DreamlakeSession> open = new ArrayDeque<>();
        for (int depth = 0; depth < 350; depth++) {
            open.push(DreamlakeSession.open("p", "depth-" + depth));
        }
        for (int depth = 349; depth >= 0; depth--) {
            assertThat(mdc()).isEqualTo("p/depth-" + depth);
            open.pop().close();
        }
        assertThat(mdc()).isEqualTo("none");
    }

    @Test
    void anMdcThatWasClearedInBetweenDoesNoHarm() {
        try (DreamlakeSession outer = DreamlakeSession.open("p", "outer")) {
            try (DreamlakeSession inner = DreamlakeSession.open("p", "inner")) {
                MDC.clear();
            }
            assertThat(mdc()).isEqualTo("p/outer");
        }
    }

    @Test
    void aScopeClosedByAnotherThreadLeavesThatThreadAlone() throws Exception {
        DreamlakeSession session = DreamlakeSession.open("p", "here");
        String[] there = new String[1];
        Thread thread = new Thread(() -> {
            try (DreamlakeSession own = DreamlakeSession.open("p", "there")) {
                session.close();
                there[0] = mdc();
            }
        });
        thread.start();
        thread.join();
        assertThat(there[0]).isEqualTo("p/there");
        assertThat(mdc()).as("until this thread does something about it").isEqualTo("p/here");
        DreamlakeSession.open("p", "next").close();
        assertThat(mdc()).isEqualTo("none");
    }

    @Test
    void anInnerScopeClosedByAnotherThreadIsLeftWithTheOuterOne() throws Exception {
        DreamlakeSession outer = DreamlakeSession.open("p", "outer");
        DreamlakeSession inner = DreamlakeSession.open("p", "inner");
        Thread thread = new Thread(inner::close);
        thread.start();
        thread.join();
        assertThat(mdc()).isEqualTo("p/inner");
        outer.close();
        assertThat(mdc()).isEqualTo("none");
    }

    @Test
    void aScopeForgottenInsideATaskDoesNotStayOnTheThread() throws Exception {
        DreamlakeSession session = DreamlakeSession.open("p", "s");
        Runnable run = session.wrap(() -> {
            DreamlakeSession.open("p", "forgotten");
        });
        Callable<DreamlakeSession> call = session.wrap(() -> DreamlakeSession.open("p", "forgotten"));
        session.close();
        run.run();
        assertThat(mdc()).isEqualTo("none");
        DreamlakeSession forgotten = call.call();
        assertThat(mdc()).isEqualTo("none");
        forgotten.close();
        assertThat(mdc()).isEqualTo("none");
    }

    @Test
    void currentIsWhatTheMdcNamesAndClosingItHasNoEffect() {
        assertThat(DreamlakeSession.current()).isEmpty();
        try (DreamlakeSession session = DreamlakeSession.open("p", "s")) {
            assertThat(DreamlakeSession.current()).get().hasToString("p/s");
            DreamlakeSession.current().get().close();
            assertThat(mdc()).isEqualTo("p/s");
        }
        MDC.put("dreamlake.session", "by the framework");
        assertThat(DreamlakeSession.current())
                .get()
                .extracting(DreamlakeSession::name)
                .isEqualTo("by the framework");
        assertThat(DreamlakeSession.current())
                .get()
                .extracting(DreamlakeSession::workspace)
                .isNull();
        MDC.clear();
    }

    @Test
    void badNamesAreRefusedBeforeAnythingIsOpened() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DreamlakeSession.open("project", "../x"))
                .withMessage("session segment \"..\" begins with a dot");
        assertThatIllegalArgumentException().isThrownBy(() -> DreamlakeSession.open("a/b", "s"));
        assertThatIllegalArgumentException().isThrownBy(() -> DreamlakeSession.open(null, "s"));
        assertThatIllegalArgumentException().isThrownBy(() -> DreamlakeSession.builder("p", "a\nb"));
        assertThat(mdc()).isEqualTo("none");
    }

    @Test
    void metadataWithoutAJsonFormIsRefused() {
        Map<String, Object> self = new java.util.HashMap<>();
        self.put("self", self);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DreamlakeSession.builder("p", "s").metadata(self))
                .withMessageStartingWith("metadata cannot be written as JSON");
    }

    @Test
    void tasksRunInsideTheSessionAndLeaveTheThreadAsItWas() throws Exception {
        ExecutorService pool = Executors.newSingleThreadExecutor();
        try {
            DreamlakeSession session = DreamlakeSession.open("p", "s");
            String[] seen = new String[1];
            Runnable run = session.wrap(() -> {
                seen[0] = mdc();
            });
            Callable<String> call = session.wrap(() -> mdc());
            session.close();

            pool.submit(run).get();
            assertThat(seen[0]).isEqualTo("p/s");
            assertThat(pool.submit(call).get()).isEqualTo("p/s");
            assertThat(pool.submit(() -> mdc()).get()).isEqualTo("none");

            try (DreamlakeSession other = DreamlakeSession.open("p", "other")) {
                assertThat(call.call()).isEqualTo("p/s");
                assertThat(mdc()).isEqualTo("p/other");
            }
        } finally {
            pool.shutdown();
        }
    }

    @Test
    void aTaskThatFailsLeavesTheThreadAsItWas() {
        DreamlakeSession session = DreamlakeSession.open("p", "s");
        session.close();
        assertThatThrownBy(() -> session.wrap((Runnable) () -> {
                            throw new IllegalStateException("failed");
                        })
                        .run())
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> session.wrap((Callable<Void>) () -> {
                            throw new IOException("failed");
                        })
                        .call())
                .isInstanceOf(IOException.class);
        assertThat(mdc()).isEqualTo("none");
    }

    @Test
    void everyWayToRunATaskInAnExecutorServiceCarriesTheSession() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(2);
        DreamlakeSession session = DreamlakeSession.open("p", "s");
        ExecutorService wrapped = session.wrap(pool);
        session.close();
        List<Callable<String>> tasks = List.of(() -> mdc(), () -> mdc());

        assertThat(wrapped.submit(() -> mdc()).get()).isEqualTo("p/s");
        String[] seen = new String[3];
        wrapped.submit(() -> {
                    seen[0] = mdc();
                })
                .get();
        wrapped.submit(
                        () -> {
                            seen[1] = mdc();
                        },
                        "result")
                .get();
        CountDownLatch ran = new CountDownLatch(1);
        wrapped.execute(() -> {
            seen[2] = mdc();
            ran.countDown();
        });
        ran.await();
        assertThat(Arrays.asList(seen)).containsOnly("p/s");
        for (var future : wrapped.invokeAll(tasks)) {
            assertThat(future.get()).isEqualTo("p/s");
        }
        for (var future : wrapped.invokeAll(tasks, 1, TimeUnit.MINUTES)) {
            assertThat(future.get()).isEqualTo("p/s");
        }
        assertThat(wrapped.invokeAny(tasks)).isEqualTo("p/s");
        assertThat(wrapped.invokeAny(tasks, 1, TimeUnit.MINUTES)).isEqualTo("p/s");

        assertThat(wrapped.isShutdown()).isFalse();
        wrapped.shutdown();
        assertThat(pool.isShutdown()).isTrue();
        assertThat(wrapped.awaitTermination(1, TimeUnit.MINUTES)).isTrue();
        assertThat(wrapped.isTerminated()).isTrue();
        assertThat(wrapped.shutdownNow()).isEmpty();
    }

    @Test
    void anExecutorCarriesTheSessionWithItsDescription() {
        String[] seen = new String[2];
        try (DreamlakeSession session =
                DreamlakeSession.builder("p", "s").folder("/f").open()) {
            Executor wrapped = session.wrap((Executor) task -> {
                MDC.clear();
                task.run();
            });
            wrapped.execute(() -> {
                seen[0] = mdc();
                seen[1] = MDC.get("dreamlake.description");
            });
        }
        assertThat(seen[0]).isEqualTo("p/s");
        assertThat(seen[1]).contains("\"folder\":\"/f\"");
    }

    /** The test is that this compiles: each of these matches exactly one overload. */
    @Test
    void noLambdaIsAmbiguous() throws Exception {
        try (DreamlakeSession session = DreamlakeSession.open("p", "s")) {
            StringBuilder log = new StringBuilder();
            Runnable statement = session.wrap(() -> log.setLength(0));
            Runnable block = session.wrap(() -> {
                log.setLength(0);
            });
            Runnable empty = session.wrap(() -> {});
            Callable<Integer> value = session.wrap(() -> 42);
            Callable<StringBuilder> both = session.wrap(() -> log.append("x"));
            Callable<Object> failing = session.wrap(() -> {
                throw new IOException("checked");
            });
            Runnable reference = session.wrap(log::trimToSize);
            Executor executor = session.wrap(task -> task.run());
            Executor directExecutor = session.wrap(Runnable::run);
            statement.run();
            block.run();
            empty.run();
            reference.run();
            both.call();
            executor.execute(() -> log.append("y"));
            directExecutor.execute(() -> log.append("z"));
            assertThat(value.call()).isEqualTo(42);
            assertThatThrownBy(failing::call).isInstanceOf(IOException.class);
            assertThat(log).hasToString("xyz");
        }
    }

    @Test
    void virtualThreadsCarryTheSession() throws Exception {
        try (DreamlakeSession session = DreamlakeSession.open("p", "s")) {
            AtomicReference<String> seen = new AtomicReference<>();
            VirtualThreads.start(session.wrap((Runnable) () -> seen.set(mdc()))).join();
            assertThat(seen).hasValue("p/s");
        }
    }
}
