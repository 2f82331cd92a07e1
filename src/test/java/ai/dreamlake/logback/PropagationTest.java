package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.MDC;

/** How a task finds the session of the thread that submits it. */
class PropagationTest {

    @TempDir
    Path root;

    @AfterEach
    void clear() {
        MDC.clear();
    }

    private static Map<String, String> mdc() {
        Map<String, String> mdc = MDC.getCopyOfContextMap();
        return mdc == null ? Map.of() : mdc;
    }

    private static String session() {
        return DreamlakeSession.current().map(DreamlakeSession::toString).orElse("none");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void tasksOfAPoolLogInTheSessionsOfThoseWhoSubmitThem(boolean propagated) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(4);
        try (Logging logging = Logging.to(root)) {
            List<Future<?>> running = new ArrayList<>();
            for (int job = 0; job < 24; job++) {
                try (DreamlakeSession scope = DreamlakeSession.open("p", "job-" + job)) {
                    for (int i = 0; i < 20; i++) {
                        Runnable task = () -> logging.log.info("task");
                        running.add(pool.submit(propagated ? DreamlakeSession.propagate(task) : task));
                    }
                }
            }
            for (Future<?> task : running) {
                task.get();
            }
        } finally {
            pool.shutdown();
        }
        if (propagated) {
            assertThat(root.resolve("default")).doesNotExist();
            for (int job = 0; job < 24; job++) {
                SessionOnDisk.of(root, "p", "job-" + job).assertGapless(20);
            }
        } else {
            SessionOnDisk.of(root, "default", "default").assertGapless(480);
            assertThat(Files.exists(root.resolve("p"))).isFalse();
        }
    }

    @Test
    void aTaskFromOutsideAnySessionRunsInNone() throws Exception {
        Callable<Map<String, String>> task = DreamlakeSession.propagate(() -> mdc());
        try (DreamlakeSession ofThePool = DreamlakeSession.open("p", "of the pool")) {
            assertThat(task.call()).isEmpty();
            assertThat(session()).isEqualTo("p/of the pool");
        }
    }

    @Test
    void theSessionIsThatOfTheSubmissionEvenIfItsScopeIsClosedWhenTheTaskRuns() {
        Runnable task;
        List<String> seen = new ArrayList<>();
        try (DreamlakeSession outer = DreamlakeSession.open("p", "outer")) {
            DreamlakeSession inner =
                    DreamlakeSession.builder("p", "inner").folder("/f").open();
            task = DreamlakeSession.propagate(() -> {
                seen.add(session());
                seen.add(MDC.get("dreamlake.description"));
            });
            inner.close();
        }
        task.run();
        assertThat(seen.get(0)).isEqualTo("p/inner");
        assertThat(seen.get(1)).contains("\"folder\":\"/f\"");
        assertThat(mdc()).isEmpty();
    }

    @Test
    void aSessionThatAFrameworkNamedIsPropagated() throws Exception {
        MDC.put("dreamlake.session", "by the framework");
        Callable<Map<String, String>> task = DreamlakeSession.propagate(() -> mdc());
        MDC.put("dreamlake.session", "of the pool");
        MDC.put("dreamlake.workspace", "of the pool");
        assertThat(task.call())
                .containsEntry("dreamlake.session", "by the framework")
                .doesNotContainKey("dreamlake.workspace");
        assertThat(mdc()).isEqualTo(Map.of("dreamlake.session", "of the pool", "dreamlake.workspace", "of the pool"));
    }

    @Test
    void otherEntriesAreLeftAlone() {
        MDC.put("user", "of the submitter");
        DreamlakeSession scope = DreamlakeSession.open("p", "s");
        Runnable task = DreamlakeSession.propagate(() -> {
            assertThat(MDC.get("user")).isEqualTo("of the pool");
            MDC.put("seen", "yes");
        });
        scope.close();
        MDC.put("user", "of the pool");
        task.run();
        assertThat(mdc()).isEqualTo(Map.of("user", "of the pool", "seen", "yes"));
    }

    @Test
    void aTaskThatFailsOrForgetsItsScopesLeavesTheThreadAsItWas() {
        for (String session : new String[] {"s", null}) {
            DreamlakeSession submitter = session == null ? null : DreamlakeSession.open("p", session);
            Callable<Void> failing = DreamlakeSession.propagate(() -> {
                DreamlakeSession.open("p", "forgotten");
                throw new IOException("failed");
            });
            if (submitter != null) {
                submitter.close();
            }
            try (DreamlakeSession ofThePool = DreamlakeSession.open("p", "of the pool")) {
                assertThatThrownBy(failing::call).isInstanceOf(IOException.class);
                assertThat(session()).isEqualTo("p/of the pool");
            }
            assertThat(mdc()).isEmpty();
        }
    }

    @Test
    void aClosedSessionIsNotPropagated() throws Exception {
        DreamlakeSession scope = DreamlakeSession.open("p", "s");
        Thread closing = new Thread(scope::close);
        closing.start();
        closing.join();
        assertThat(DreamlakeSession.propagate(() -> session()).call()).isEqualTo("none");
    }
}
