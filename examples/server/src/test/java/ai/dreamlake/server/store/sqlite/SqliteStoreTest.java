package ai.dreamlake.server.store.sqlite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.dreamlake.server.store.Description;
import ai.dreamlake.server.store.Level;
import ai.dreamlake.server.store.LogStore;
import ai.dreamlake.server.store.NewRecord;
import ai.dreamlake.server.store.Numbers;
import ai.dreamlake.server.store.RecordQuery;
import ai.dreamlake.server.store.RunStore.StoredFile;
import ai.dreamlake.server.store.SeriesQuery;
import ai.dreamlake.server.store.Store;
import ai.dreamlake.server.store.StoreContract;
import ai.dreamlake.server.store.StoreException;
import ai.dreamlake.server.store.StoreException.Reason;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sqlite.ProgressHandler;

/** What every store promises, and what is special about the store in a file. */
class SqliteStoreTest extends StoreContract {

    @TempDir
    Path temporary;

    private Path directory() {
        return temporary.resolve("data");
    }

    private Path file() {
        return directory().resolve("dreamlake.db");
    }

    private Path log() {
        return directory().resolve("dreamlake.db-wal");
    }

    @Override
    protected Store open() {
        return new SqliteStore(directory());
    }

    private static List<NewRecord> many(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> record(TIME.plusMillis(i), i % 1000 == 7 ? Level.FATAL : Level.INFO, "Record " + i))
                .toList();
    }

    /** The number of rows of a table, counted over a separate connection. */
    private long count(String from) {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file());
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT count(*) FROM " + from)) {
            return row.getLong(1);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    // Opening

    private void assertRefused(String... parts) {
        assertThatThrownBy(this::open)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContainingAll(parts)
                .hasMessageMatching("[^\\n]*\\.");
    }

    private static void truncate(Path file, long length) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(length);
        }
    }

    /** Restores the file afterwards, because the end of the test closes the store. */
    private void withFile(ThrowingRunnable change, String... parts) throws Exception {
        store.close();
        Path copy = Files.copy(file(), temporary.resolve("copy"));
        change.run();
        assertRefused(parts);
        Files.deleteIfExists(file());
        Files.deleteIfExists(log());
        Files.move(copy, file());
        store = open();
    }

    private interface ThrowingRunnable {
        void run() throws Exception;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 100, Integer.MAX_VALUE})
    void aTruncatedFileIsRefused(int divisor) throws Exception {
        String id = session("s");
        store.append(ALICE, id, null, many(10_000));
        withFile(
                () -> truncate(file(), Math.max(0, Files.size(file()) / divisor - 1)),
                file().toString(),
                "is truncated: it has ",
                "Restore it from a backup, or move it away");
        assertThat(records(id)).hasSize(10_000);
    }

    @Test
    void theStoreOfAnEarlierVersionIsRefusedAndKept() throws Exception {
        Path other = Files.createDirectory(temporary.resolve("earlier"));
        Path earlier = Files.writeString(other.resolve("store.mv"), "H:2,block:5");
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> new SqliteStore(other))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage(earlier.toRealPath()
                            + " is the store of an earlier version, which this one cannot read:"
                            + " start that version, or move the file away to begin with an empty store.");
        }
        assertThat(earlier).hasContent("H:2,block:5");
        assertThat(other.resolve("dreamlake.db")).doesNotExist();
        Files.move(earlier, temporary.resolve("store.mv"));
        new SqliteStore(other).close();
    }

    @Test
    void appendingAndFollowingReadNoMetadataOfTheSession() throws Exception {
        String id = session("s");
        store.close();
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file());
                Statement statement = connection.createStatement()) {
            statement.execute("UPDATE session SET metadata = 'whoever reads it fails', tags = 'too'");
        }
        store = open();
        store.append(ALICE, id, "key", batch("a"));
        assertThat(store.end(id)).isEqualTo(1);
        assertThat(messages(id)).containsExactly("a");
        store.mergeParameters(ALICE, id, json("{}"));
        assertThatThrownBy(() -> store.session(ALICE, id)).isInstanceOf(RuntimeException.class);
    }

    /** A copy of the files of an open store, which is what a killed process leaves. */
    private Path killed() throws IOException {
        Path copy = Files.createDirectory(temporary.resolve("killed"));
        Files.copy(file(), copy.resolve("dreamlake.db"));
        Files.copy(log(), copy.resolve("dreamlake.db-wal"));
        return copy;
    }

    @Test
    void aKilledStoreHasAllThatIsInItsLog() throws Exception {
        String id = session("s");
        store.append(ALICE, id, null, many(10_000));
        Path killed = killed();
        assertThat(killed.resolve("dreamlake.db-wal")).isNotEmptyFile();
        store.close();
        store = new SqliteStore(killed);
        assertThat(records(id)).hasSize(10_000);
    }

    /** The first page, which has the page count, is moved from the log to the file before the last pages. */
    @Test
    void aStoreThatWasKilledInACheckpointHasItsLastPagesInItsLog() throws Exception {
        String id = session("s");
        store.append(ALICE, id, null, many(10_000));
        Path killed = killed();
        store.close(); // moves everything into the file
        byte[] firstPage = Arrays.copyOf(Files.readAllBytes(file()), 4096);
        try (FileChannel channel = FileChannel.open(killed.resolve("dreamlake.db"), StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(firstPage), 0);
            assertThat(channel.size()).isLessThan(Files.size(file()) / 2);
        }
        store = new SqliteStore(killed);
        assertThat(records(id)).hasSize(10_000);
    }

    /** SQLite would fill the missing part with zeros. */
    @Test
    void aTruncatedFileIsRefusedAlsoIfThereIsALog() throws Exception {
        String id = session("s");
        for (int i = 0; i < 20; i++) {
            store.append(ALICE, id, null, many(10_000));
        }
        Path killed = killed();
        Path file = killed.resolve("dreamlake.db");
        assertThat(Files.size(file)).as("most data is in the file").isGreaterThan(10_000_000);
        truncate(file, Files.size(file) / 2);
        assertThatThrownBy(() -> new SqliteStore(killed)).hasMessageContaining("is truncated");
    }

    @Test
    void aMissingLogIsNoDamage() throws Exception {
        String id = session("s");
        store.append(ALICE, id, null, many(10));
        reopen();
        store.append(ALICE, id, null, many(10));
        Path killed = killed();
        Files.delete(killed.resolve("dreamlake.db-wal"));
        store.close();
        store = new SqliteStore(killed);
        assertThat(records(id)).hasSize(10);
    }

    @Test
    void aLogWithoutItsFileIsRefused() throws Exception {
        store.append(ALICE, session("s"), null, many(10));
        Path killed = killed();
        Files.delete(killed.resolve("dreamlake.db"));
        assertThatThrownBy(() -> new SqliteStore(killed))
                .hasMessageContainingAll("dreamlake.db-wal exists, and", "put that file back");
    }

    private static void make(Path file, String... statements) throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    @Test
    void aFileThatIsNotOursIsRefused() throws Exception {
        withFile(() -> Files.writeString(file(), "text ".repeat(1000)), file().toString(), "is not a database");
        withFile(
                () -> {
                    Files.delete(file());
                    make(file(), "CREATE TABLE session (id)");
                },
                file().toString(),
                "is the database of another program: set DATA_PATH");
        withFile(
                () -> make(file(), "PRAGMA user_version = 2"),
                file().toString(),
                "has layout 2, this server knows layout 1: start the version that wrote it");
        withFile(
                () -> make(file(), "DROP TABLE batch"),
                file().toString(),
                "is damaged",
                "some of its tables are missing");
        withFile(
                () -> {
                    try (FileChannel channel = FileChannel.open(file(), StandardOpenOption.WRITE)) {
                        channel.write(ByteBuffer.wrap(new byte[500]), 100);
                    }
                },
                file().toString(),
                "is damaged",
                "Restore it from a backup");
    }

    @Test
    void aStoreThatIsOpenCannotBeOpenedAgain() throws Exception {
        assertRefused(directory().toString(), "is in use by another server: stop that one, or set DATA_PATH");
        try (StoreChild child = StoreChild.start(directory())) {
            assertThat(child.readLine()).contains(directory().toString(), "is in use by another server");
        }
        store.close();
        store = open();
    }

    @Test
    void aStoreWhoseCreationWasCutOffIsCreatedAgain() throws Exception {
        store.close();
        Files.delete(file());
        Files.writeString(directory().resolve("dreamlake.db.new"), "half");
        store = open();
        assertThat(store.append(ALICE, session("s"), null, batch("a"))).isEqualTo(new Numbers(0, 1));
    }

    // Writing

    @Test
    void aFullDiskStoresNothingHalfAndWorksAgainWhenThereIsRoom() throws Exception {
        String id = session("s");
        store.append(ALICE, id, "before", many(100));
        SqliteStore full = (SqliteStore) store;
        full.limitPages(1); // means: no more pages than there are
        int stored = 100;
        try {
            for (; stored < 100_000; stored += 100) {
                store.append(ALICE, id, "key " + stored, many(100));
            }
        } catch (StoreException failure) {
            assertThat(failure.reason()).isEqualTo(Reason.UNAVAILABLE);
        }
        int before = stored;
        assertThat(before).isLessThan(100_000);
        assertFails(Reason.UNAVAILABLE, () -> store.append(ALICE, id, "key " + before, many(10_000)));
        assertThat(records(id)).hasSize(before);
        assertThat(store.session(ALICE, id).recordCount()).isEqualTo(before);
        full.limitPages(1_000_000);
        assertThat(store.append(ALICE, id, "key " + before, many(100))).isEqualTo(new Numbers(before, 100));
        assertThat(records(id)).hasSize(before + 100);
    }

    @Test
    void aFullDiskFailsOnlyTheChangesThatNeedRoom() throws Exception {
        String small = session("small");
        String large = session("large");
        ((SqliteStore) store).limitPages(1);
        List<NewRecord> many = many(10_000);
        List<Boolean> areStored = together(IntStream.range(0, 16)
                .<Callable<Boolean>>mapToObj(i -> () -> {
                    try {
                        store.append(ALICE, i % 2 == 0 ? large : small, null, i % 2 == 0 ? many : batch("m"));
                        return true;
                    } catch (StoreException failure) {
                        return false;
                    }
                })
                .toList());
        for (int i = 0; i < areStored.size(); i++) {
            assertThat(areStored.get(i)).isEqualTo(i % 2 == 1);
        }
        assertThat(records(small)).hasSize(8);
        assertThat(records(large)).isEmpty();
    }

    @Test
    void theLogStaysShortAlthoughSomebodyAlwaysReads() throws Exception {
        store.close();
        store = new SqliteStore(directory(), LogStore.MAX_READ, 1024 * 1024);
        String id = session("s");
        store.append(ALICE, id, null, many(20_000));
        AtomicBoolean isOver = new AtomicBoolean();
        ExecutorService threads = Executors.newFixedThreadPool(4);
        List<Future<?>> searches = new ArrayList<>();
        CountDownLatch areSearching = new CountDownLatch(4);
        for (int i = 0; i < 4; i++) {
            searches.add(threads.submit(() -> {
                while (!isOver.get()) {
                    numbers(id, query().search("nowhere"));
                    areSearching.countDown();
                }
            }));
        }
        areSearching.await();
        int cleared = 0;
        long before = 0;
        for (int i = 0; cleared < 3 && i < 1000; i++) {
            store.append(ALICE, id, null, many(200));
            long now = Files.size(log());
            cleared += now < before ? 1 : 0;
            before = now;
        }
        isOver.set(true);
        for (Future<?> search : searches) {
            search.get();
        }
        threads.shutdown();
        assertThat(cleared).isEqualTo(3);
    }

    // Reading

    @Test
    void aReadThatTakesTooLongIsStopped() {
        String id = session("s");
        for (int i = 0; i < 5; i++) {
            store.append(ALICE, id, null, many(10_000));
        }
        store.close();
        store = new SqliteStore(directory(), Duration.ofNanos(1), Checkpoints.LOG_BYTES);
        assertFails(
                Reason.TOO_SLOW,
                () -> store.records(id, query().search("nowhere").done()));
        assertFails(Reason.TOO_SLOW, () -> store.series(id, new SeriesQuery("x", null, -1), point -> {}));
        assertThat(store.records(id, query().limit(10).done()).items()).hasSize(10);
        assertThat(store.append(ALICE, id, null, batch("m"))).isEqualTo(new Numbers(50_000, 1));
    }

    /** How many SQLite instructions a query takes; a record that is read takes five or more. */
    private int instructions(String id, Reading work) throws SQLException {
        int[] count = {0};
        int step = 10;
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file())) {
            ProgressHandler.setHandler(connection, step, new ProgressHandler() {
                @Override
                protected int progress() {
                    count[0] += step;
                    return 0;
                }
            });
            Sql counted = new Sql(connection);
            work.read(counted, Sessions.find(counted, id).orElseThrow());
        }
        return count[0];
    }

    private int instructions(String id, Query query) throws SQLException {
        return instructions(id, (sql, session) -> Records.find(sql, session, query.done()));
    }

    private int countingInstructions(String id, Query query) throws SQLException {
        RecordQuery counted = RecordQuery.first(Integer.MAX_VALUE, query.filter());
        return instructions(id, (sql, session) -> new Plan(sql, session, counted).histogram(100));
    }

    private interface Reading {
        void read(Sql sql, Sessions.Known session) throws SQLException;
    }

    @Test
    void aQueryReadsFewRecordsMoreThanItFinds() throws Exception {
        String id = session("s");
        String beside = session("beside");
        for (int i = 0; i < 10; i++) {
            int base = i * 2000;
            List<NewRecord> batch = IntStream.range(base, base + 2000)
                    .mapToObj(number -> record(
                            TIME.plusSeconds(number),
                            number % 10_000 == 7 ? Level.FATAL : number % 10 == 0 ? Level.WARN : Level.INFO,
                            "m" + number))
                    .toList();
            store.append(ALICE, id, null, batch);
            store.append(ALICE, beside, null, batch);
        }
        int few = 10_000; // instructions; reading all 20,000 records takes more than ten times as many
        assertThat(instructions(id, query().search("nowhere"))).isGreaterThan(10 * few);

        assertThat(countingInstructions(id, query().levels(Level.FATAL))).isLessThan(few);
        assertThat(countingInstructions(
                        id, query().from(TIME.plusSeconds(10_000)).to(TIME.plusSeconds(10_050))))
                .isLessThan(few);
        RecordQuery most = RecordQuery.first(10, query().levels(Level.INFO).filter());
        instructions(id, (sql, known) -> {
            assertThat(new Plan(sql, known, most).path(true))
                    .as("most records, of which each would have to be fetched")
                    .isEqualTo(Plan.Path.RECORDS);
        });

        assertThat(instructions(id, query().limit(10).descending())).isLessThan(few);
        assertThat(instructions(id, query().limit(10).offset(19_000))).isLessThan(few);
        assertThat(instructions(id, query().levels(Level.FATAL))).isLessThan(few);
        assertThat(instructions(id, query().levels(Level.FATAL).search("nowhere")))
                .isLessThan(few);
        assertThat(instructions(id, query().levels(Level.FATAL).byTime().descending()))
                .isLessThan(few);
        assertThat(instructions(id, query().levels(Level.FATAL, Level.ERROR))).isLessThan(few);
        assertThat(instructions(id, query().levels(Level.INFO).limit(10).descending()))
                .isLessThan(few);
        assertThat(instructions(id, query().levels(Level.INFO, Level.WARN).limit(10)))
                .isLessThan(few);
        assertThat(instructions(id, query().levels(Level.WARN).byTime().limit(10)))
                .isLessThan(few);
        assertThat(instructions(id, query().byTime().descending().limit(10))).isLessThan(few);
        Query middle = query().from(TIME.plusSeconds(10_000)).to(TIME.plusSeconds(10_050));
        assertThat(instructions(id, middle)).isLessThan(2 * few);
        assertThat(instructions(id, middle.byTime())).isLessThan(2 * few);
        assertThat(instructions(id, middle.levels(Level.WARN))).isLessThan(2 * few);
        assertThat(instructions(id, middle.search("nowhere"))).isLessThan(2 * few);
        Query half = query().from(TIME.plusSeconds(10_000)).levels(Level.FATAL);
        assertThat(instructions(id, half))
                .as("counts a third of the times at most")
                .isLessThan(8 * few);
    }

    /** All four connections for searches are occupied here. */
    @Test
    void followingASessionDoesNotWaitForSearches() throws Exception {
        String id = session("s");
        store.append(ALICE, id, null, List.of(withMetadata("{\"x\": 1}")));
        CountDownLatch isOver = new CountDownLatch(1);
        CountDownLatch areReading = new CountDownLatch(4);
        ExecutorService threads = Executors.newFixedThreadPool(4);
        List<Future<Void>> scans = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            scans.add(threads.submit(() -> ((SqliteStore) store).scan(() -> {
                areReading.countDown();
                isOver.await();
                return null;
            })));
        }
        areReading.await();
        assertThat(records(id)).hasSize(1);
        assertThat(store.session(ALICE, id).end()).isEqualTo(1);
        assertThat(store.sessions(ALICE)).hasSize(1);
        assertThat(store.append(ALICE, id, null, batch("m"))).isEqualTo(new Numbers(1, 1));
        isOver.countDown();
        for (Future<Void> scan : scans) {
            scan.get();
        }
        threads.shutdown();
    }

    // Deleting

    @Test
    void theContentsOfADeletedSessionAreRemovedEvenAfterARestart() throws Exception {
        String kept = session("kept");
        store.append(ALICE, kept, "key", many(100));
        String id = session("s");
        for (int i = 0; i < 20; i++) {
            store.append(ALICE, id, "key " + i, many(1000));
        }
        store.appendToTrack(ALICE, id, "t", null, null, null, List.of(json("{}")));
        store.mergeParameters(ALICE, id, json("{\"a\": 1}"));
        store.addFile(ALICE, id, described(), new ByteArrayInputStream(new byte[1_000_000]), 1_000_000);
        store.delete(ALICE, id);
        reopen();
        Awaitility.await().until(() -> count("session WHERE removed") == 1 && count("file") == 0);
        assertThat(count("record")).isEqualTo(100);
        assertThat(count("batch")).isEqualTo(1);
        for (String table : List.of("track", "point", "parameters", "chunk")) {
            assertThat(count(table)).as(table).isZero();
        }
        assertThat(records(kept)).hasSize(100);
        assertFails(Reason.DELETED, () -> store.session(ALICE, id));
    }

    @Test
    void aBatchKeyIsDeletedWithTheLastOfItsRecords() {
        String id = session("s");
        store.append(ALICE, id, "first", many(10));
        store.append(ALICE, id, "second", many(10));
        assertThat(store.deleteOlderThan(Instant.now().plusSeconds(60), 15)).isEqualTo(15);
        assertThat(count("batch")).isEqualTo(1);
        assertThat(store.append(ALICE, id, "second", many(10))).isEqualTo(new Numbers(10, 10));
        assertThat(numbers(id, query())).containsExactly(15L, 16L, 17L, 18L, 19L);
        assertThat(numbers(id, query().levels(Level.INFO).offset(3))).containsExactly(19L);
    }

    private static StoredFile described() {
        return new StoredFile(null, "/", "f", null, null, null, null, null, 0, null, null);
    }

    @Test
    void aFileThatWasNotFinishedIsRemovedAtTheNextStart() throws Exception {
        String id = session("s");
        Path[] killed = {null};
        InputStream bytes = new InputStream() {
            private int sent;

            @Override
            public int read() throws IOException {
                if (sent++ == 600_000) {
                    killed[0] = killed();
                }
                return sent > 700_000 ? -1 : 1;
            }
        };
        StoredFile file = store.addFile(ALICE, id, described(), bytes, 1_000_000);
        assertThat(file.size()).isEqualTo(700_000);
        store.readFile(id, file.id(), OutputStream.nullOutputStream());
        store.close();
        Files.copy(killed[0].resolve("dreamlake.db"), file(), StandardCopyOption.REPLACE_EXISTING);
        Files.copy(killed[0].resolve("dreamlake.db-wal"), log());
        assertThat(count("chunk")).isPositive();
        store = open();
        assertThat(store.files(id)).isEmpty();
        Awaitility.await().until(() -> count("file") == 0 && count("chunk") == 0);
    }

    @Test
    void theChunksOfAFileThatIsTooLargeAreRemoved() {
        String id = session("s");
        InputStream bytes = new ByteArrayInputStream(new byte[1_000_000]);
        assertFails(Reason.TOO_LARGE, () -> store.addFile(ALICE, id, described(), bytes, 900_000));
        Awaitility.await().until(() -> count("file") == 0 && count("chunk") == 0);
    }

    @Test
    void aClosedStoreSaysSo() {
        store.close();
        assertFails(Reason.UNAVAILABLE, () -> store.upsert(ALICE, "w", Description.named("s")));
        assertFails(Reason.UNAVAILABLE, () -> store.ping());
        store = open();
    }
}
