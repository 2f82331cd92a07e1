package ai.dreamlake.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.server.store.Description;
import ai.dreamlake.server.store.Level;
import ai.dreamlake.server.store.NewRecord;
import ai.dreamlake.server.store.Store;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** That old records are deleted, and when. */
class RetentionTest {

    private static final String USER = "3159282601";
    private static final Duration DAYS = Duration.ofDays(7);

    @TempDir
    Path data;

    private SwitchedStore switched;
    private Store store;
    private String id;

    @BeforeEach
    void open() {
        switched = new SwitchedStore(data);
        store = switched.store();
        id = store.upsert(USER, "w", Description.named("s")).session().id();
    }

    @AfterEach
    void close() {
        store.close();
    }

    private void append(int count) {
        NewRecord record = new NewRecord(Instant.parse("2020-01-01T00:00:00Z"), Level.INFO, "m", null);
        store.append(USER, id, null, Collections.nCopies(count, record));
    }

    private long count() {
        return store.session(USER, id).recordCount();
    }

    @Test
    void aRecordIsDeletedByTheTimeItWasStoredAndNotByItsOwnTime() {
        Instant before = Instant.now().truncatedTo(ChronoUnit.MILLIS);
        append(3);
        Instant after = Instant.now();
        Retention retention = new Retention(store, DAYS);
        assertThat(retention.step(before.plus(DAYS))).isEqualTo(Retention.REST);
        assertThat(count()).isEqualTo(3);
        assertThat(retention.step(after.plus(DAYS).plusMillis(1))).isEqualTo(Retention.REST);
        assertThat(count()).isZero();
        assertThat(store.session(USER, id).end()).as("numbers continue").isEqualTo(3);
    }

    @Test
    void manyRecordsAreDeletedInPiecesWithPausesBetween() {
        append(2 * Retention.PIECE + 1);
        Retention retention = new Retention(store, DAYS);
        Instant later = Instant.now().plus(DAYS).plusSeconds(60);
        assertThat(retention.step(later)).isEqualTo(Retention.PAUSE);
        assertThat(count()).isEqualTo(Retention.PIECE + 1);
        assertThat(retention.step(later)).isEqualTo(Retention.PAUSE);
        assertThat(count()).isEqualTo(1);
        assertThat(retention.step(later)).isEqualTo(Retention.REST);
        assertThat(count()).isZero();
    }

    @Test
    void aFailedDeletionIsTriedAgain() {
        append(1);
        Retention retention = new Retention(store, DAYS);
        Instant later = Instant.now().plus(DAYS).plusSeconds(60);
        switched.isAway = true;
        assertThat(retention.step(later)).isEqualTo(Retention.AFTER_FAILURE);
        switched.isAway = false;
        assertThat(retention.step(later)).isEqualTo(Retention.REST);
        assertThat(count()).isZero();
    }

    @Test
    void aThreadDeletesPieceAfterPieceAndEndsWhenItIsClosed() {
        append(Retention.PIECE + 1);
        Retention retention = new Retention(store, DAYS);
        Instant later = Instant.now().plus(DAYS).plusSeconds(60);
        retention.start(() -> later);
        await().until(() -> count() == 0);
        assertThat(threads()).hasSize(1);
        retention.close();
        assertThat(threads()).isEmpty();
    }

    @Test
    void aServerDeletesNothingUnlessItIsAskedTo() {
        append(1);
        assertThat(Settings.of(Map.of()).retentionDays()).isZero();
        try (TestServer server = new TestServer(data, Map.of(), store)) {
            assertThat(server.get("/health").status()).isEqualTo(200);
            assertThat(threads()).isEmpty();
        }
        open();
        assertThat(switched.calls("deleteOlderThan")).isZero();
        assertThat(count()).isEqualTo(1);
        try (TestServer server = new TestServer(data, Map.of("RETENTION_DAYS", "7"), store)) {
            await().until(() -> switched.calls("deleteOlderThan") > 0);
            assertThat(server.get("/health").status()).isEqualTo(200);
            assertThat(count()).as("it is not that old").isEqualTo(1);
        }
        assertThat(threads()).isEmpty();
    }

    private static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter("dreamlake-retention"::equals)
                .toList();
    }
}
