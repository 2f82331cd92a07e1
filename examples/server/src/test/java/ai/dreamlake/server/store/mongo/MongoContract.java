package ai.dreamlake.server.store.mongo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.server.store.Description;
import ai.dreamlake.server.store.Level;
import ai.dreamlake.server.store.NewRecord;
import ai.dreamlake.server.store.Numbers;
import ai.dreamlake.server.store.Page;
import ai.dreamlake.server.store.RunStore.StoredFile;
import ai.dreamlake.server.store.Session;
import ai.dreamlake.server.store.Store;
import ai.dreamlake.server.store.StoreContract;
import ai.dreamlake.server.store.StoreException.Reason;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.Filters;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Indexes;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.bson.Document;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What the store promises with every database that speaks MongoDB's protocol. */
abstract class MongoContract extends StoreContract {

    final ShiftedClock clock = new ShiftedClock();

    private MongoClient client;

    /** The URI of this test's database. */
    abstract String uri();

    @Override
    protected Store open() {
        return new MongoStore(uri(), clock);
    }

    @BeforeEach
    void connect() {
        client = MongoClients.create(uri());
    }

    @AfterEach
    void disconnect() {
        client.close();
    }

    final MongoDatabase database() {
        return client.getDatabase(uri().replaceFirst(".*/", ""));
    }

    final MongoCollection<Document> collection(String name) {
        return database().getCollection(name);
    }

    private Set<String> indexes(String collection) {
        Set<String> indexes = new TreeSet<>();
        for (Document index : collection(collection).listIndexes()) {
            indexes.add(String.join(" ", index.get("key", Document.class).keySet())
                    + (index.getBoolean("unique", false) ? " unique" : ""));
        }
        return indexes;
    }

    @Test
    void theIndexesExistFromTheStart() throws Exception {
        for (int i = 0; i < 2; i++) {
            assertThat(indexes("logs"))
                    .as("of those that are unique, one is the shard key, and the other is made of it")
                    .contains(
                            "sessionId sequenceNumber unique",
                            "sessionId timestamp timestampMicros sequenceNumber",
                            "sessionId level sequenceNumber",
                            "createdAt")
                    .hasSize(5);
            assertThat(indexes("sessions")).contains("path unique", "userId deleted lastLogAt", "deletedAt");
            assertThat(indexes("batches")).contains("sessionId", "createdAt");
            assertThat(indexes("points")).contains("trackId index unique");
            assertThat(indexes("chunks")).contains("fileId n unique");
            reopen();
        }
    }

    @Test
    void aRecordIsADocumentThatOthersCanRead() {
        String id = session("s");
        store.append(ALICE, id, null, List.of(withMetadata("{\"epoch\": 5, \"loss\": 0.5, \"a.b\": \"$\"}")));
        Document record = collection("logs").find().first();
        assertThat(record.getString("sessionId")).isEqualTo(id);
        assertThat(record.getDate("timestamp").toInstant()).isEqualTo(Instant.parse("2025-10-29T10:30:00.123Z"));
        assertThat(record.getInteger("timestampMicros")).isEqualTo(456);
        assertThat(record.getLong("sequenceNumber")).isZero();
        assertThat(record.getString("level")).isEqualTo("info");
        assertThat(record.get("metadata"))
                .isEqualTo(new Document("epoch", 5L).append("loss", 0.5).append("a%2Eb", "$"));
    }

    @Test
    void arraysWithinArraysComeBack() {
        String id = session("s");
        String metadata = "{\"confusion\": [[5, 1], [0, [7.50]]]}";
        store.append(ALICE, id, null, List.of(withMetadata(metadata)));
        assertThat(records(id).get(0).metadata()).isEqualTo(json(metadata));
    }

    // Batches that are cut off

    private Process child(String session, String work) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-classpath",
                        System.getProperty("java.class.path"),
                        CutOff.class.getName(),
                        uri(),
                        ALICE,
                        session,
                        work)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static BufferedReader output(Process child) {
        return new BufferedReader(new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8));
    }

    @Test
    void aBatchWhoseWriterWasKilledBeforeItStoredItGetsTheSameNumbers() throws Exception {
        String id = session("s");
        store.append(ALICE, id, "before", batch("before"));
        Process child = child(id, "reserve");
        assertThat(output(child).readLine()).isEqualTo("1");
        child.destroyForcibly().waitFor();
        for (int i = 0; i < 150; i++) {
            store.append(ALICE, id, "behind " + i, batch("behind"));
        }
        assertThat(store.append(ALICE, id, CutOff.key(0), CutOff.batch(0))).isEqualTo(new Numbers(1, 3));
        assertThat(messages(id))
                .startsWith("before", "0/0", "0/1", "0/2", "behind")
                .hasSize(154);
        assertThat(store.append(ALICE, id, CutOff.key(0), CutOff.batch(0))).isEqualTo(new Numbers(1, 3));
        assertFails(Reason.KEY_REUSED, () -> store.append(ALICE, id, CutOff.key(0), batch("x")));
        assertThat(records(id)).hasSize(154);
    }

    @Test
    void sendingItsBatchesAgainRepairsWhateverAKilledWriterLeft() throws Exception {
        String id = session("s");
        Process child = child(id, "write");
        BufferedReader output = output(child);
        int stored = 0;
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            stored = Integer.parseInt(line) + 1;
            if (stored == 30) {
                child.toHandle().destroyForcibly(); // its output can still be read
            }
        }
        assertThat(stored).isGreaterThanOrEqualTo(30);
        List<String> expected = new ArrayList<>();
        for (int i = 0; i < stored + 3; i++) {
            assertThat(store.append(ALICE, id, CutOff.key(i), CutOff.batch(i))).isEqualTo(new Numbers(3L * i, 3));
            CutOff.batch(i).forEach(record -> expected.add(record.message()));
        }
        assertThat(messages(id)).isEqualTo(expected);
    }

    @Test
    void aPartlyStoredBatchIsCompleted() {
        String id = session("s");
        store.append(ALICE, id, "key", batch("a", "b", "c", "d"));
        collection("logs").deleteMany(Filters.gte("sequenceNumber", 2));
        assertThat(store.append(ALICE, id, "key", batch("a", "b", "c", "d"))).isEqualTo(new Numbers(0, 4));
        assertThat(messages(id)).containsExactly("a", "b", "c", "d");
        collection("logs").deleteMany(Filters.in("sequenceNumber", 0, 2, 3));
        assertThat(store.append(ALICE, id, "key", batch("a", "b", "c", "d"))).isEqualTo(new Numbers(0, 4));
        assertThat(messages(id)).containsExactly("a", "b", "c", "d");
    }

    // Numbers without records

    /** Takes numbers for a batch that will never be stored. */
    private void reserve(String id, String... messages) {
        try (Database database = new Database(uri())) {
            new Batches(database, new Sessions(database, clock), clock).number(ALICE, id, null, batch(messages));
        }
    }

    @Test
    void followersWaitForRecordsBeingWrittenAndSkipThoseOfADeadWriter() throws Exception {
        String id = session("s");
        store.append(ALICE, id, null, batch("0", "1"));
        assertThat(store.end(id)).isEqualTo(2);
        reserve(id, "2", "3");
        assertThat(store.end(id)).isEqualTo(2);
        store.append(ALICE, id, null, batch("4"));
        assertThat(store.end(id)).isEqualTo(2);
        assertThat(numbers(id, query()))
                .as("a reader that does not follow continues")
                .containsExactly(0L, 1L, 4L);
        clock.putForward(Ends.PATIENCE);
        store.end(id);
        reserve(id, "5");
        store.append(ALICE, id, null, batch("6"));
        clock.putForward(Ends.PATIENCE);
        assertThat(store.end(id)).as("not past what was given later").isEqualTo(5);
        clock.putForward(Ends.PATIENCE);
        assertThat(store.end(id)).isEqualTo(7);
        reserve(id, "7");
        clock.putForward(Ends.PATIENCE);
        store.end(id);
        clock.putForward(Ends.PATIENCE);
        assertThat(store.end(id)).as("there is nothing behind it").isEqualTo(7);
        store.append(ALICE, id, null, batch("8"));
        assertThat(store.end(id)).isEqualTo(9);
    }

    @Test
    void aNewServerDoesNotWaitForWritersThatDiedBefore() throws Exception {
        String id = session("s");
        reserve(id, "0", "1");
        store.append(ALICE, id, null, batch("2", "3"));
        reopen();
        assertThat(store.end(id)).isZero();
        clock.putForward(Ends.PATIENCE.plusSeconds(1));
        reserve(id, "4");
        store.append(ALICE, id, null, batch("5"));
        reopen();
        assertThat(store.end(id)).isEqualTo(4);
    }

    @Test
    void missingPointsAreEmptySoThatTheOthersKeepTheirIndexes() {
        String id = session("s");
        for (String point : List.of("{\"a\": 0}", "{\"a\": 1}", "{\"a\": 2}")) {
            store.appendToTrack(ALICE, id, "t", null, null, null, List.of(json(point)));
        }
        collection("points").deleteOne(Filters.eq("index", 1L));
        assertThat(store.points(id, "t", 0, 10).items())
                .as("it may be on its way")
                .hasSize(1);
        assertThat(store.points(id, "t", 0, 10).hasMore()).isTrue();
        clock.putForward(Ends.PATIENCE.plusSeconds(1));
        assertThat(store.points(id, "t", 0, 10).items())
                .containsExactly(json("{\"a\": 0}"), json("{}"), json("{\"a\": 2}"));
        assertThat(store.points(id, "t", 1, 1)).isEqualTo(new Page<JsonNode>(List.of(json("{}")), true));
    }

    // Deleting

    @Test
    void theContentsOfADeletedSessionAreRemoved() throws Exception {
        String id = session("s");
        for (int i = 0; i < 120; i++) {
            store.append(ALICE, id, "key " + i, batch("m"));
        }
        store.mergeParameters(ALICE, id, json("{\"a\": 1}"));
        store.appendToTrack(ALICE, id, "t", null, null, null, List.of(json("{}")));
        store.addFile(ALICE, id, file(), bytes(1_000_000), 1_000_000);
        store.delete(ALICE, id);
        await().until(() -> List.of("logs", "batches", "parameters", "tracks", "points", "files", "chunks").stream()
                .allMatch(name -> collection(name).find().first() == null));
        assertThat(collection("sessions").find().first().keySet())
                .contains("deletedAt")
                .doesNotContain("batches", "metadata");
        collection("logs")
                .insertOne(new Document("_id", "late").append("sessionId", id).append("sequenceNumber", 200L));
        clock.putForward(Duration.ofHours(2));
        reopen();
        await().until(() -> collection("logs").find().first() == null
                && !collection("sessions").find().first().containsKey("deletedAt"));
        assertFails(Reason.DELETED, () -> store.session(ALICE, id));
    }

    private static StoredFile file() {
        return new StoredFile(null, "/", "f", null, null, null, null, null, 0, null, null);
    }

    private static InputStream bytes(int count) {
        return new ByteArrayInputStream(new byte[count]);
    }

    @Test
    void aFileWhoseWriterDiedIsRemovedAfterADay() throws Exception {
        String id = session("s");
        StoredFile file = store.addFile(ALICE, id, file(), bytes(600_000), 600_000);
        collection("files")
                .updateOne(Filters.eq("_id", file.id()), new Document("$set", new Document("state", "incomplete")));
        assertThat(store.files(id)).isEmpty();
        assertFails(Reason.UNKNOWN, () -> store.file(id, file.id()));
        clock.putForward(Duration.ofHours(25));
        reopen();
        await().until(() -> collection("files").find().first() == null
                && collection("chunks").find().first() == null);
    }

    @Test
    void oldKeysAreDeletedWhereverTheyAreAndYoungOnesStay() {
        String id = session("s");
        for (int i = 0; i < 130; i++) {
            store.append(ALICE, id, "old " + i, batch("m"));
        }
        assertThat(collection("batches").countDocuments()).isGreaterThan(0);
        clock.putForward(Duration.ofDays(1));
        store.append(ALICE, id, "young", batch("n"));
        assertThat(store.deleteOlderThan(clock.instant().minusSeconds(3600), 1000))
                .isEqualTo(130);
        assertThat(collection("batches").countDocuments()).isZero();
        assertThat(store.append(ALICE, id, "young", batch("n"))).isEqualTo(new Numbers(130, 1));
        assertThat(store.append(ALICE, id, "old 0", batch("m"))).isEqualTo(new Numbers(131, 1));
        assertThat(store.append(ALICE, id, "old 129", batch("m"))).isEqualTo(new Numbers(132, 1));
        assertThat(store.append(ALICE, id, "old 129", batch("m"))).isEqualTo(new Numbers(132, 1));
        assertThat(store.session(ALICE, id).recordCount()).isEqualTo(3);
    }

    @Test
    void followersDoNotWaitForDeletedRecords() throws Exception {
        String id = session("s");
        store.append(ALICE, id, null, batch("0", "1"));
        clock.putForward(Duration.ofDays(1));
        assertThat(store.deleteOlderThan(clock.instant().minusSeconds(3600), 1000))
                .isEqualTo(2);
        store.append(ALICE, id, null, batch("2"));
        reopen();
        assertThat(store.end(id)).isEqualTo(3);
    }

    // Data that is too large

    @Test
    void tooDeeplyNestedMetadataIsRefusedAndGetsNoNumber() {
        String id = session("s");
        String deep = "{\"a\":".repeat(Json.MAX_DEPTH + 1) + "1" + "}".repeat(Json.MAX_DEPTH + 1);
        assertThatThrownBy(() -> store.append(ALICE, id, null, List.of(withMetadata(deep))))
                .hasMessage("nested more deeply than 90 levels");
        assertFails(Reason.TOO_LARGE, () -> store.append(ALICE, id, null, List.of(withMetadata(deep))));
        assertThat(store.session(ALICE, id).end()).isZero();
        String deepest = "{\"a\":".repeat(Json.MAX_DEPTH - 1) + "1" + "}".repeat(Json.MAX_DEPTH - 1);
        store.append(ALICE, id, null, List.of(withMetadata(deepest)));
        assertThat(records(id).get(0).metadata()).isEqualTo(json(deepest));
    }

    @Test
    void dataThatDoesNotFitIntoADocumentIsRefused() {
        Description large = new Description("s", "x".repeat(17 * 1024 * 1024), null, null, null, null);
        assertFails(Reason.TOO_LARGE, () -> store.upsert(ALICE, "w", large));
    }

    @Test
    void namesOfSessionsMayBeLong() {
        String name = "ä".repeat(1000);
        String id = session(name);
        assertThat(session(name)).isEqualTo(id);
        assertThat(session(name + "x")).isNotEqualTo(id);
        assertThat(store.session(ALICE, id).name()).isEqualTo(name);
        for (Document session : collection("sessions").find()) {
            assertThat(session.getString("path"))
                    .as("some indexes have no room for more")
                    .hasSizeLessThan(1000);
        }
    }

    // Searching

    @Test
    void everyCharacterCanBeSearchedFor() {
        String id = session("s");
        StringBuilder all = new StringBuilder();
        for (char character = 0; character < 128; character++) {
            all.append(character);
            store.append(ALICE, id, null, batch("<" + character + ">"));
        }
        store.append(ALICE, id, null, batch(all.toString()));
        assertThat(numbers(id, query().search(all.toString()))).containsExactly(128L);
        for (char character : new char[] {0, '\n', ' ', '!', '#', '.', '\\', '[', ']', '^', '-', '&', '{', '~', 127}) {
            assertThat(numbers(id, query().search("<" + character + ">"))).containsExactly((long) character);
        }
        assertThat(numbers(id, query().search("<k>"))).containsExactly((long) 'K', (long) 'k');
    }

    @Test
    void aTextThatIsTooLongForTheDatabaseCanBeSearchedForPageByPage() {
        String id = session("s");
        String longText = "Ä.".repeat(10_000);
        String other = longText + "other";
        store.append(ALICE, id, null, batch(longText, "0" + other, longText, "1" + other, "2" + other, "3" + other));
        String search = other.toLowerCase(Locale.ROOT);
        assertThat(numbers(id, query().search(search).limit(2))).containsExactly(1L, 3L, -1L);
        assertThat(numbers(id, query().search(search).limit(2).offset(2))).containsExactly(4L, 5L);
        assertThat(numbers(id, query().search(search).descending().offset(3))).containsExactly(1L);
        assertThat(numbers(id, query().search(search + "x"))).isEmpty();
        assertThat(store.histogram(id, query().search(search).filter(), 1)
                        .buckets()
                        .get(0)
                        .counts())
                .isEqualTo(Map.of(Level.INFO, 4L));
    }

    // A database of the previous version

    @Test
    void aDatabaseOfThePreviousVersionCanBeReadAndContinued() throws Exception {
        String id = "65f0c0ffee65f0c0ffee65f0";
        store.close();
        database().drop();
        MongoCollection<Document> logs = collection("logs");
        logs.createIndex(Indexes.ascending("sessionId", "sequenceNumber"), new IndexOptions().unique(true));
        logs.createIndex(Indexes.ascending("sessionId", "timestamp"));
        logs.createIndex(Indexes.ascending("sessionId", "level"));
        logs.createIndex(Indexes.ascending("sessionId", "createdAt"));
        Date time = Date.from(Instant.parse("2025-10-29T10:30:00.123Z"));
        List<Document> last = new ArrayList<>();
        for (int i = 0; i < 120; i++) {
            collection("batches")
                    .insertOne(new Document("_id", id + "/key " + i)
                            .append("sessionId", id)
                            .append("startSequence", (long) i)
                            .append("count", 1));
            logs.insertOne(new Document("_id", id + "/" + String.format("%019d", i))
                    .append("sessionId", id)
                    .append("sequenceNumber", (long) i)
                    .append("timestamp", time)
                    .append("level", "warn")
                    .append("message", "m" + i)
                    .append("metadata", new Document("a%2Eb", 0.5))
                    .append("createdAt", time));
            if (i >= 20) {
                last.add(new Document("key", i == 119 ? "\nonce" : "key " + i).append("count", 1));
            }
        }
        collection("sessions")
                .insertOne(new Document("_id", id)
                        .append("path", "10:3159282601/1:w/s")
                        .append("userId", ALICE)
                        .append("workspace", "w")
                        .append("name", "s")
                        .append("deleted", false)
                        .append("writeProtected", false)
                        .append("nextSequenceNumber", 120L)
                        .append("logCount", 120L)
                        .append("levelCounts", new Document("warn", 120L))
                        .append("firstLogAt", time)
                        .append("lastLogAt", time)
                        .append("batches", last)
                        .append("createdAt", time)
                        .append("updatedAt", time));
        store = open();
        assertThat(session("s")).isEqualTo(id);
        assertThat(records(id)).hasSize(120);
        assertThat(records(id).get(7).metadata()).isEqualTo(json("{\"a.b\": 0.5}"));
        assertThat(store.end(id)).isEqualTo(120);
        assertThat(store.append(ALICE, id, "key 3", batch("m3"))).isEqualTo(new Numbers(3, 1));
        assertThat(store.append(ALICE, id, "key 118", batch("m118"))).isEqualTo(new Numbers(118, 1));
        NewRecord earlier = record(TIME.minusSeconds(1), Level.INFO, "new");
        assertThat(store.append(ALICE, id, "new", List.of(earlier))).isEqualTo(new Numbers(120, 1));
        assertThat(store.append(ALICE, id, "key 50", batch("m50"))).isEqualTo(new Numbers(50, 1));
        assertThat(store.append(ALICE, id, "new", List.of(earlier))).isEqualTo(new Numbers(120, 1));
        Session session = store.session(ALICE, id);
        assertThat(session.recordCount()).isEqualTo(121);
        assertThat(session.firstRecordAt()).isEqualTo(TIME.minusSeconds(1));
        assertThat(session.lastRecordAt()).isEqualTo(time.toInstant());
        assertThat(numbers(id, query().byTime().limit(2))).containsExactly(120L, 0L, -1L);
    }
}
