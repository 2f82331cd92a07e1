package ai.dreamlake.logback.micrometer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.DreamlakeSession;
import ai.dreamlake.logback.internal.session.MdcEntries;
import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ContextSnapshot;
import io.micrometer.context.ContextSnapshot.Scope;
import io.micrometer.context.ContextSnapshotFactory;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;

/** The effect of a snapshot of a thread's context on the MDC of other threads. */
class SessionAccessorTest {

    private final ContextSnapshotFactory snapshots =
            ContextSnapshotFactory.builder().build();
    private final ContextSnapshotFactory clearingSnapshots =
            ContextSnapshotFactory.builder().clearMissing(true).build();

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

    private static void elsewhere(Runnable task) {
        Throwable[] failure = new Throwable[1];
        Thread thread = new Thread(task);
        thread.setUncaughtExceptionHandler((failed, thrown) -> failure[0] = thrown);
        thread.start();
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        if (failure[0] != null) {
            throw new AssertionError(failure[0]);
        }
    }

    @Test
    void theRegistryFindsItByItself() {
        assertThat(ContextRegistry.getInstance().getThreadLocalAccessors())
                .filteredOn(accessor -> accessor.key().equals("dreamlake.session"))
                .singleElement()
                .isInstanceOf(SessionAccessor.class);
    }

    @Test
    void withoutASessionThereIsNothingToCapture() {
        assertThat(new SessionAccessor().getValue()).isNull();
        MDC.put("user", "alice");
        assertThat(new SessionAccessor().getValue()).isNull();
    }

    @Test
    void aScopeThatIsClosedIsNotCapturedButTheOneAroundItIs() {
        DreamlakeSession outer = DreamlakeSession.open("p", "outer");
        String id = MDC.get("dreamlake.scope");
        DreamlakeSession inner = DreamlakeSession.open("p", "inner");
        elsewhere(inner::close);
        assertThat(new SessionAccessor().getValue())
                .extracting(MdcEntries::session, MdcEntries::scope)
                .containsExactly("outer", id);
        elsewhere(outer::close);
        assertThat(new SessionAccessor().getValue()).isNull();
    }

    @Test
    void otherThreadsGetTheNamesWithoutTheScopeSoThatItsEndEndsNothingThere() {
        DreamlakeSession scope = DreamlakeSession.builder("p", "s").folder("/f").open();
        ContextSnapshot snapshot = snapshots.captureAll();
        String description = MDC.get("dreamlake.description");
        elsewhere(() -> {
            try (Scope set = snapshot.setThreadLocals()) {
                assertThat(mdc())
                        .isEqualTo(Map.of(
                                "dreamlake.workspace",
                                "p",
                                "dreamlake.session",
                                "s",
                                "dreamlake.description",
                                description));
                elsewhere(scope::close);
                assertThat(session()).isEqualTo("p/s");
            }
            assertThat(mdc()).isEmpty();
            try (Scope afterTheEnd = snapshot.setThreadLocals()) {
                assertThat(session()).isEqualTo("p/s");
            }
            assertThat(mdc()).isEmpty();
        });
    }

    @Test
    void aThreadWithACopyOfTheMdcGetsTheSessionEvenIfTheCopyIsOfAClosedScope() {
        DreamlakeSession scope = DreamlakeSession.open("p", "s");
        ContextSnapshot snapshot = snapshots.captureAll();
        Map<String, String> copy = mdc();
        scope.close();
        MDC.setContextMap(copy);
        try (Scope set = snapshot.setThreadLocals()) {
            assertThat(session()).isEqualTo("p/s");
        }
        assertThat(mdc()).isEmpty();
    }

    @Test
    void aSessionThatAFrameworkNamedIsCarried() {
        MDC.put("dreamlake.session", "by the framework");
        ContextSnapshot snapshot = snapshots.captureAll();
        MDC.put("dreamlake.session", "of the pool");
        MDC.put("dreamlake.workspace", "of the pool");
        try (Scope set = snapshot.setThreadLocals()) {
            assertThat(mdc()).isEqualTo(Map.of("dreamlake.session", "by the framework"));
        }
        assertThat(mdc()).isEqualTo(Map.of("dreamlake.session", "of the pool", "dreamlake.workspace", "of the pool"));
    }

    @Test
    void otherEntriesOfTheMdcAreLeftAlone() {
        MDC.put("user", "of the submitter");
        ContextSnapshot snapshot;
        try (DreamlakeSession scope = DreamlakeSession.open("p", "s")) {
            snapshot = snapshots.captureAll();
        }
        MDC.put("user", "of the pool");
        try (Scope set = snapshot.setThreadLocals()) {
            assertThat(MDC.get("user")).isEqualTo("of the pool");
            MDC.put("seen", "yes");
        }
        assertThat(mdc()).isEqualTo(Map.of("user", "of the pool", "seen", "yes"));
    }

    @Test
    void aThreadWithASessionOfItsOwnGetsItBackAndCanEndIt() {
        ContextSnapshot snapshot;
        try (DreamlakeSession scope = DreamlakeSession.open("p", "s")) {
            snapshot = snapshots.captureAll();
        }
        DreamlakeSession own = DreamlakeSession.open("p", "own");
        Map<String, String> before = mdc();
        try (Scope set = snapshot.setThreadLocals()) {
            assertThat(session()).isEqualTo("p/s");
        }
        assertThat(mdc()).isEqualTo(before);
        own.close();
        assertThat(mdc()).isEmpty();
    }

    @Test
    void aScopeThatWasClosedMeanwhileDoesNotComeBack() {
        DreamlakeSession outer = DreamlakeSession.open("p", "outer");
        ContextSnapshot snapshot;
        try (DreamlakeSession scope = DreamlakeSession.open("p", "s")) {
            snapshot = snapshots.captureAll();
        }
        DreamlakeSession own = DreamlakeSession.open("p", "own");
        try (Scope set = snapshot.setThreadLocals()) {
            elsewhere(own::close);
            assertThat(session()).isEqualTo("p/s");
        }
        assertThat(session()).isEqualTo("p/outer");
        outer.close();
        assertThat(mdc()).isEmpty();
    }

    @Test
    void aTaskThatChangesEverythingLeavesTheThreadAsItWas() {
        ContextSnapshot snapshot;
        try (DreamlakeSession scope = DreamlakeSession.open("p", "s")) {
            snapshot = snapshots.captureAll();
        }
        DreamlakeSession own = DreamlakeSession.open("p", "own");
        Map<String, String> before = mdc();
        try (Scope set = snapshot.setThreadLocals()) {
            DreamlakeSession.open("p", "forgotten");
        }
        assertThat(mdc()).isEqualTo(before);
        try (Scope set = snapshot.setThreadLocals()) {
            MDC.clear();
        }
        assertThat(mdc()).isEqualTo(before);
        own.close();
        assertThat(mdc()).isEmpty();
    }

    @Test
    void aMissingSessionIsClearedOnDemandAndThePreviousOneRestored() {
        ContextSnapshot nothing = clearingSnapshots.captureAll();
        MDC.put("user", "alice");
        DreamlakeSession own = DreamlakeSession.open("p", "own");
        Map<String, String> before = mdc();
        try (Scope set = nothing.setThreadLocals()) {
            assertThat(mdc()).isEqualTo(Map.of("user", "alice"));
        }
        assertThat(mdc()).isEqualTo(before);
        own.close();
        assertThat(mdc()).isEqualTo(Map.of("user", "alice"));
    }

    @Test
    void theScopeCanBeClosedOnItsThreadAfterTheSnapshotWasSetThere() {
        MDC.put("dreamlake.session", "before");
        DreamlakeSession scope = DreamlakeSession.open("p", "s");
        Map<String, String> inside = mdc();
        ContextSnapshot snapshot = snapshots.captureAll();
        try (Scope set = snapshot.setThreadLocals()) {
            assertThat(mdc()).isEqualTo(inside);
            try (Scope again = snapshot.setThreadLocals()) {
                assertThat(mdc()).isEqualTo(inside);
            }
            assertThat(mdc()).isEqualTo(inside);
        }
        assertThat(mdc()).isEqualTo(inside);
        scope.close();
        assertThat(mdc()).isEqualTo(Map.of("dreamlake.session", "before"));
    }

    @Test
    void theScopeCanBeClosedOnItsThreadWhileTheSnapshotIsSetThere() {
        MDC.put("dreamlake.session", "before");
        DreamlakeSession scope = DreamlakeSession.open("p", "s");
        ContextSnapshot snapshot = snapshots.captureAll();
        try (Scope set = snapshot.setThreadLocals()) {
            scope.close();
            assertThat(mdc()).isEqualTo(Map.of("dreamlake.session", "before"));
        }
        assertThat(mdc()).isEqualTo(Map.of("dreamlake.session", "before"));
    }

    @Test
    void theScopeCanBeClosedByAnotherThreadWhileTheSnapshotIsSetOnItsOwn() {
        MDC.put("dreamlake.session", "before");
        DreamlakeSession scope = DreamlakeSession.open("p", "s");
        ContextSnapshot snapshot = snapshots.captureAll();
        try (Scope set = snapshot.setThreadLocals()) {
            elsewhere(scope::close);
            assertThat(session()).isEqualTo("null/before");
        }
        assertThat(mdc()).isEqualTo(Map.of("dreamlake.session", "before"));
    }

    @Test
    void scopesNestInSnapshotsAndSnapshotsInScopes() {
        DreamlakeSession outer = DreamlakeSession.open("p", "outer");
        ContextSnapshot ofOuter = snapshots.captureAll();
        DreamlakeSession inner = DreamlakeSession.open("p", "inner");
        ContextSnapshot ofInner = snapshots.captureAll();
        try (Scope set = ofOuter.setThreadLocals()) {
            assertThat(session()).isEqualTo("p/outer");
            try (DreamlakeSession innermost = DreamlakeSession.open("p", "innermost")) {
                assertThat(session()).isEqualTo("p/innermost");
                try (Scope again = ofInner.setThreadLocals()) {
                    assertThat(session()).isEqualTo("p/inner");
                }
                assertThat(session()).isEqualTo("p/innermost");
            }
            assertThat(session()).isEqualTo("p/outer");
        }
        assertThat(session()).isEqualTo("p/inner");
        inner.close();
        assertThat(session()).isEqualTo("p/outer");
        outer.close();
        assertThat(mdc()).isEmpty();
    }

    @Test
    void aScopeOpenedUnderASnapshotEndsWithIt() {
        ContextSnapshot snapshot;
        try (DreamlakeSession scope = DreamlakeSession.open("p", "s")) {
            snapshot = snapshots.captureAll();
        }
        DreamlakeSession own = DreamlakeSession.open("p", "own");
        DreamlakeSession late;
        try (Scope set = snapshot.setThreadLocals()) {
            late = DreamlakeSession.open("p", "late");
        }
        assertThat(session()).isEqualTo("p/own");
        late.close();
        assertThat(session()).isEqualTo("p/own");
        own.close();
        assertThat(mdc()).isEmpty();
    }
}
