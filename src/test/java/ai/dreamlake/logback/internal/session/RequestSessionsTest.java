package ai.dreamlake.logback.internal.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which names from strangers are accepted. */
class RequestSessionsTest {

    private static final int LIMIT = RequestSessions.DEFAULT_MAX_SESSIONS;

    private final List<String> log = new ArrayList<>();

    private static RequestSessions sessions(String pattern, int maxSessions) {
        return new RequestSessions("project", pattern, maxSessions);
    }

    private static RequestSessions sessions() {
        return sessions(RequestSessions.DEFAULT_PATTERN, LIMIT);
    }

    private String chosen(RequestSessions sessions, String... given) {
        MdcEntries entries = sessions.choose(Arrays.asList(given), log::add);
        return entries == null ? null : entries.workspace() + "/" + entries.session();
    }

    @ParameterizedTest
    @ValueSource(strings = {"run-7", "Run_7.1", "a", "-"})
    void aNameThatMatchesThePatternIsAccepted(String name) {
        assertThat(chosen(sessions(), name)).isEqualTo("project/" + name);
        assertThat(chosen(sessions(), "x".repeat(64))).isEqualTo("project/" + "x".repeat(64));
        assertThat(log).isEmpty();
    }

    static Stream<List<String>> refused() {
        return Stream.of(
                List.of("../x"),
                List.of("a/b"),
                List.of(".."),
                List.of(".x"),
                List.of("x".repeat(65)),
                List.of(""),
                List.of(" "),
                List.of("run 7"),
                List.of("run\n"),
                List.of("é"),
                Arrays.asList((String) null),
                List.of("run-7", "run-7"),
                List.of("run-7", "run-8"));
    }

    @ParameterizedTest
    @MethodSource("refused")
    void anythingElseGoesToTheDefaultSessionAndIsReportedOnceWithoutTheName(List<String> given) {
        RequestSessions sessions = sessions();
        assertThat(sessions.choose(given, log::add)).isNull();
        assertThat(sessions.choose(given, log::add)).isNull();
        assertThat(log)
                .containsExactly("A request has named a session in a way that is refused, and goes to the default"
                        + " session. A name is accepted if it is the only one, matches [A-Za-z0-9._-]{1,64}, and can be"
                        + " that of a directory. Further refusals are not announced.");
    }

    @Test
    void aRequestThatNamesNoSessionGoesToTheDefaultSessionSilently() {
        assertThat(chosen(sessions())).isNull();
        assertThat(log).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"../x", "a/logs", "a//b", ".x", "x\\y", "x\0y"})
    void theRulesForNamesApplyWhateverThePatternAllows(String name) {
        assertThat(chosen(sessions("(?s).*", LIMIT), name)).isNull();
        assertThat(chosen(sessions("(?s).*", LIMIT), "a/b")).isEqualTo("project/a/b");
        assertThat(chosen(sessions("(?s).*", LIMIT), "x".repeat(100_000))).isNull();
    }

    @Test
    void aNameThatOverflowsThePatternsStackIsRefused() {
        assertThat(chosen(sessions("(x|y|xy|yx|xx)*z", LIMIT), "xy".repeat(500)))
                .isNull();
    }

    @Test
    void withoutAWorkspaceTheAppendersIsUsed() {
        MdcEntries entries = new RequestSessions(null, "run", LIMIT).choose(List.of("run"), log::add);
        assertThat(entries).isEqualTo(new MdcEntries(null, "run", null, null));
    }

    @Test
    void theNumberOfDifferentNamesIsLimitedAndThatIsReportedOnce() {
        RequestSessions sessions = sessions("\\w+", 2);
        assertThat(chosen(sessions, "a")).isNotNull();
        assertThat(chosen(sessions, "b")).isNotNull();
        assertThat(log).isEmpty();
        assertThat(chosen(sessions, "c")).isNull();
        assertThat(chosen(sessions, "d")).isNull();
        assertThat(chosen(sessions, "a")).isNotNull();
        assertThat(log)
                .containsExactly("Requests have named 2 different sessions. Other names go to the default session from"
                        + " now on. If they are all yours, raise maxSessions.");
    }

    @Test
    void theLimitHoldsForSimultaneousRequests() throws Exception {
        RequestSessions sessions = sessions("\\w+", 10);
        AtomicInteger taken = new AtomicInteger();
        AtomicInteger told = new AtomicInteger();
        CountDownLatch start = new CountDownLatch(1);
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 8; t++) {
            int number = t;
            threads.add(new Thread(() -> {
                try {
                    start.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
                for (int i = 0; i < 100; i++) {
                    if (sessions.choose(List.of(number + "x" + i), line -> told.incrementAndGet()) != null) {
                        taken.incrementAndGet();
                    }
                }
            }));
        }
        threads.forEach(Thread::start);
        start.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(taken).hasValue(10);
        assertThat(told).hasValue(1);
    }

    @Test
    void mistakesInCodeAreNamed() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> sessions("[", LIMIT))
                .withMessage("pattern \"[\" is not a regular expression: Unclosed character class");
        assertThatIllegalArgumentException().isThrownBy(() -> sessions("x", 0)).withMessage("maxSessions < 1: 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new RequestSessions("a/b", "x", LIMIT))
                .withMessageContaining("workspace \"a/b\" has a slash");
    }
}
