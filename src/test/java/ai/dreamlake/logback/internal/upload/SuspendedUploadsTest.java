package ai.dreamlake.logback.internal.upload;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.internal.upload.SuspendedUploads.Suspended;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class SuspendedUploadsTest {

    private final SuspendedUploads suspended = new SuspendedUploads();

    private static SessionName name(String session) {
        return new SessionName("project", session);
    }

    private static Suspended session(String name, long length, long pendingBytes, long time) {
        return new Suspended(name(name), length, pendingBytes, time, System.nanoTime());
    }

    @Test
    void sizesAddUpAndAreRemovedWithTheirSessions() {
        suspended.add(session("one", 100, 40, 1), false);
        suspended.add(session("refused", 10, 10, 2), true);
        assertThat(suspended.length()).isEqualTo(110);
        assertThat(suspended.pendingBytes()).isEqualTo(50);
        suspended.add(session("one", 200, 60, 1), false);
        assertThat(suspended.length()).as("again").isEqualTo(210);
        suspended.remove(name("one"));
        suspended.remove(name("unknown"));
        assertThat(suspended.pendingBytes()).isEqualTo(10);
        assertThat(suspended.all()).extracting(Suspended::name).containsExactly(name("refused"));
    }

    @Test
    void aParkedSessionHasNoTurnAndAPostponedOneHasALaterTurn() {
        suspended.add(session("first", 1, 1, 1), false);
        suspended.add(session("refused", 1, 1, 1), true);
        suspended.add(session("second", 1, 1, 1), false);
        assertThat(suspended.next(10)).containsExactly(name("first"), name("second"));
        assertThat(suspended.next(1)).containsExactly(name("first"));
        suspended.postpone(name("first"), Long.MAX_VALUE / 4);
        assertThat(suspended.next(10)).containsExactly(name("second"));
        suspended.remove(name("second"));
        assertThat(suspended.areDue()).isFalse();
        assertThat(suspended.areWaiting()).as("later").isTrue();
        suspended.remove(name("first"));
        assertThat(suspended.areWaiting()).isFalse();
        assertThat(suspended.isParked(name("refused"))).isTrue();
    }

    @Test
    void theOldestIsAmongThoseWithPendingRecords() {
        assertThat(suspended.oldestAt()).isNull();
        suspended.add(session("without a log", 0, 0, 0), false);
        suspended.add(session("delivered", 100, 0, 1_000), false);
        assertThat(suspended.oldestAt()).isNull();
        suspended.add(session("refused", 100, 100, 3_000), true);
        suspended.add(session("later", 100, 100, 4_000), false);
        assertThat(suspended.oldestAt()).isEqualTo(Instant.ofEpochMilli(3_000));
    }
}
