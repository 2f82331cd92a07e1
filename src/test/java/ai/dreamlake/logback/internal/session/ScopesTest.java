package ai.dreamlake.logback.internal.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScopesTest {

    private static final MdcEntries NAMES = names("s");

    private static MdcEntries names(String session) {
        return new MdcEntries("p", session, null, null);
    }

    /** Waits until hardly any scope is remembered except carried ones. Other tests may have left some. */
    private static void awaitRemembered(int carried) {
        int atMost = carried + 50;
        await().atMost(1, TimeUnit.MINUTES).until(() -> {
            System.gc();
            return Scopes.count() <= atMost;
        });
    }

    @Test
    void neitherOpenNorClosedScopesPileUpOnceNobodyCarriesThem() {
        List<MdcEntries> carried = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            MdcEntries left = Scopes.open(NAMES, MdcEntries.NONE);
            MdcEntries closed = Scopes.open(NAMES, MdcEntries.NONE);
            Scopes.close(closed.scope());
            if (i % 100 == 0) {
                carried.add(left);
                carried.add(closed);
            }
        }
        awaitRemembered(200);
        for (int i = 0; i < 200; i += 2) {
            assertThat(Scopes.isClosed(carried.get(i).scope())).isFalse();
            assertThat(Scopes.isClosed(carried.get(i + 1).scope())).isTrue();
        }
    }

    @Test
    void fewScopesAreRememberedOfAThreadThatNeverClosesAny() {
        MdcEntries last = MdcEntries.NONE;
        for (int i = 0; i < 10_000; i++) {
            last = Scopes.open(NAMES, last);
        }
        awaitRemembered(Scopes.MAX_DEPTH);
        assertThat(Scopes.isClosed(last.scope())).isFalse();
    }

    @Test
    void aScopeIsClosedOnce() {
        MdcEntries scope = Scopes.open(NAMES, MdcEntries.NONE);
        assertThat(Scopes.close(scope.scope())).isTrue();
        assertThat(Scopes.close(scope.scope())).isFalse();
        assertThat(Scopes.close("unknown")).isFalse();
    }

    @Test
    void anIdRebuiltFromItsCharactersNamesTheSameScope() {
        MdcEntries scope = Scopes.open(NAMES, MdcEntries.NONE);
        String copy = scope.scope().substring(0, 2) + scope.scope().substring(2);
        assertThat(Scopes.isClosed(copy)).isFalse();
        Scopes.close(scope.scope());
        assertThat(Scopes.isClosed(copy)).isTrue();
        assertThat(Scopes.isClosed(copy + "000"))
                .as("an id of this JVM whose scope is forgotten")
                .isTrue();
        assertThat(Scopes.valid(NAMES.withScope(copy + "000"), null)).isEqualTo(MdcEntries.NONE);
    }

    @Test
    void anIdOfAnotherJvmCountsAsOpen() {
        assertThat(Scopes.isClosed("1y2p0ij32e8e7-1")).isFalse();
        assertThat(Scopes.valid(NAMES.withScope("1y2p0ij32e8e7-1"), null))
                .isEqualTo(NAMES.withScope("1y2p0ij32e8e7-1"));
    }

    @Test
    void aScopeWasOpenAtAMomentBeforeItWasClosed() {
        Instant before = Instant.now().minusSeconds(1);
        MdcEntries outer = Scopes.open(names("outer"), MdcEntries.NONE);
        MdcEntries inner = Scopes.open(names("inner"), outer);
        Scopes.close(inner.scope());
        Instant after = Instant.now().plusSeconds(1);

        assertThat(Scopes.valid(inner, before)).isEqualTo(inner);
        assertThat(Scopes.valid(inner, after)).isEqualTo(outer);
        assertThat(Scopes.valid(inner, null)).isEqualTo(outer);
        Scopes.close(outer.scope());
        assertThat(Scopes.valid(inner, before)).isEqualTo(inner);
        assertThat(Scopes.valid(inner, null)).isEqualTo(MdcEntries.NONE);
    }

    @Test
    void anEntryThatWasChangedSinceThenIsKept() {
        MdcEntries host = new MdcEntries("host", "before", null, null);
        MdcEntries scope = Scopes.open(new MdcEntries("p", "s", "described", null), host);
        Scopes.close(scope.scope());
        assertThat(Scopes.valid(scope, null)).isEqualTo(host);
        assertThat(Scopes.valid(new MdcEntries("p", "since", "described", scope.scope()), null))
                .isEqualTo(new MdcEntries("host", "since", null, null));
    }

    /** Tells what a listener hears while a test closes scopes. */
    private static final class Heard implements Consumer<MdcEntries>, AutoCloseable {
        private final Queue<MdcEntries> names = new ConcurrentLinkedQueue<>();

        Heard() {
            Scopes.addCloseListener(this);
        }

        @Override
        public void accept(MdcEntries closed) {
            names.add(closed);
        }

        List<MdcEntries> of(String session) {
            return names.stream()
                    .filter(closed -> session.equals(closed.session()))
                    .toList();
        }

        @Override
        public void close() {
            Scopes.removeCloseListener(this);
        }
    }

    /** Each is opened as on a thread of its own: without anything around it. */
    @ParameterizedTest
    @CsvSource({"0, 1, 2", "2, 1, 0", "1, 2, 0"})
    void aListenerHearsOfASessionWhenItsLastScopeIsClosedInAnyOrder(int first, int second, int last) {
        try (Heard heard = new Heard()) {
            List<MdcEntries> scopes = List.of(
                    Scopes.open(names("shared"), MdcEntries.NONE),
                    Scopes.open(names("shared"), MdcEntries.NONE),
                    Scopes.open(names("shared"), MdcEntries.NONE));
            Scopes.close(scopes.get(first).scope());
            Scopes.close(scopes.get(first).scope());
            Scopes.close(scopes.get(second).scope());
            assertThat(heard.of("shared")).isEmpty();
            Scopes.close(scopes.get(last).scope());
            assertThat(heard.of("shared")).containsExactly(names("shared"));
        }
    }

    @Test
    void aSessionIsOpenAsLongAsAnyScopeNamesIt() {
        MdcEntries first = Scopes.open(names("used"), MdcEntries.NONE);
        MdcEntries second = Scopes.open(names("used"), MdcEntries.NONE);
        Scopes.close(first.scope());
        assertThat(Scopes.isOpen(names("used").workspace(), "used")).isTrue();
        assertThat(Scopes.isOpen("elsewhere", "used")).isFalse();
        Scopes.close(second.scope());
        assertThat(Scopes.isOpen(names("used").workspace(), "used")).isFalse();
    }

    @Test
    void aListenerThatFailsDisturbsNeitherTheCloserNorOtherListeners() {
        Consumer<MdcEntries> failing = names -> {
            throw new StackOverflowError();
        };
        Scopes.addCloseListener(failing);
        try (Heard heard = new Heard()) {
            assertThat(Scopes.close(Scopes.open(names("told"), MdcEntries.NONE).scope()))
                    .isTrue();
            assertThat(heard.of("told")).hasSize(1);
        } finally {
            Scopes.removeCloseListener(failing);
        }
    }

    @Test
    void aListenerHearsOfASessionEvenIfItsOuterScopeIsClosedFirst() {
        try (Heard heard = new Heard()) {
            MdcEntries outer = Scopes.open(names("nested"), MdcEntries.NONE);
            MdcEntries inner = Scopes.open(names("nested"), outer);
            Scopes.close(outer.scope());
            assertThat(heard.of("nested")).isEmpty();
            Scopes.close(inner.scope());
            assertThat(heard.of("nested")).hasSize(1);
        }
    }

    @Test
    void aListenerDoesNotHearOfASessionThatAFrameworkNamesAroundTheScope() {
        try (Heard heard = new Heard()) {
            Scopes.close(Scopes.open(names("framework"), names("framework")).scope());
            assertThat(heard.of("framework")).isEmpty();
        }
    }

    @Test
    void aScopeThatIsNeverClosedCountsAsClosedOnceNobodyCarriesIt() {
        try (Heard heard = new Heard()) {
            for (int i = 0; i < 100; i++) {
                Scopes.open(names("left"), MdcEntries.NONE);
            }
            MdcEntries carried = Scopes.open(names("left"), MdcEntries.NONE);
            awaitRemembered(1);
            Scopes.close(carried.scope());
            await().atMost(1, TimeUnit.MINUTES).until(() -> {
                System.gc();
                Scopes.count();
                return heard.of("left").size() == 1;
            });
        }
    }
}
