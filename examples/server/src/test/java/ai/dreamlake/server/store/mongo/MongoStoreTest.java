package ai.dreamlake.server.store.mongo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.dreamlake.server.store.Description;
import ai.dreamlake.server.store.LogStore;
import ai.dreamlake.server.store.Numbers;
import ai.dreamlake.server.store.SeriesQuery;
import ai.dreamlake.server.store.StoreException;
import ai.dreamlake.server.store.StoreException.Reason;
import de.bwaldvogel.mongo.bson.Document;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The store in a MongoDB that this process imitates, and that can be made to fail. */
class MongoStoreTest extends MongoContract {

    private static final int NOT_PRIMARY_ANY_MORE = 10107;
    private static final int MAX_TIME_EXPIRED = 50;
    private static final Predicate<Document> ALL = command -> true;

    private final TestMongo mongo = new TestMongo();

    @Override
    String uri() {
        return mongo.uri();
    }

    @AfterEach
    void stopTheDatabase() {
        mongo.close();
    }

    /** Does not hold with FerretDB 1, which loses concurrent changes. */
    @Test
    void eightWritersOnTwoServersGetGaplessNumbersAlsoIfEachBatchComesToBoth() throws Exception {
        String id = session("s");
        List<Callable<Numbers>> calls = new ArrayList<>();
        int records = 0;
        try (MongoStore second = new MongoStore(uri(), Clock.systemUTC())) {
            for (int i = 0; i < 300; i++) {
                int number = i;
                String[] messages = IntStream.range(0, 1 + i % 3)
                        .mapToObj(part -> number + "/" + part)
                        .toArray(String[]::new);
                calls.add(() -> store.append(ALICE, id, "key " + number, batch(messages)));
                calls.add(() -> second.append(ALICE, id, "key " + number, batch(messages)));
                records += messages.length;
            }
            List<Numbers> all = together(calls);
            List<String> messages = messages(id);
            assertThat(messages).hasSize(records);
            for (int i = 0; i < all.size(); i += 2) {
                assertThat(all.get(i)).isEqualTo(all.get(i + 1));
                assertThat(messages.get((int) all.get(i).start())).isEqualTo(i / 2 + "/0");
            }
            assertThat(second.end(id)).isEqualTo(records);
            for (int i = 0; i < all.size(); i += 2) {
                int count = all.get(i).count();
                assertThat(second.append(ALICE, id, "key " + i / 2, Collections.nCopies(count, record("again"))))
                        .isEqualTo(all.get(i));
            }
            assertThat(records(id)).hasSize(records);
        }
    }

    // Faults

    @Test
    void aDatabaseThatFailsIsUnavailableAndItsMachinesAreNotNamed() {
        String id = session("s");
        mongo.fail(ALL, NOT_PRIMARY_ANY_MORE, "NotWritablePrimary");
        assertFails(Reason.UNAVAILABLE, store::ping);
        assertFails(Reason.UNAVAILABLE, () -> store.append(ALICE, id, null, batch("m")));
        assertThatThrownBy(() -> store.records(id, query().done())).hasMessage("the store does not answer");
        mongo.work();
        assertThat(store.append(ALICE, id, null, batch("m"))).isEqualTo(new Numbers(0, 1));
    }

    @Test
    void aDatabaseThatIsAwayIsUnavailable() {
        mongo.close();
        assertThatThrownBy(() -> new MongoStore(uri() + "?serverSelectionTimeoutMS=100", clock))
                .isInstanceOf(StoreException.class)
                .hasMessage("the store does not answer");
        assertThatThrownBy(() -> new MongoStore("no URI", clock)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aReadThatTakesTooLongIsTooSlow() {
        String id = session("s");
        store.append(ALICE, id, null, batch("m"));
        mongo.fail(command -> "logs".equals(command.get("find")), MAX_TIME_EXPIRED, "MaxTimeMSExpired");
        assertFails(Reason.TOO_SLOW, () -> store.records(id, query().search("x").done()));
        assertFails(Reason.TOO_SLOW, () -> store.series(id, new SeriesQuery("x", null, -1), point -> {}));
        assertFails(Reason.TOO_SLOW, () -> store.end(id));
    }

    @Test
    void aBatchIsStoredAlthoughTheDatabaseFailedInTheMiddle() {
        String id = session("s");
        mongo.fail(command -> "logs".equals(command.get("insert")), NOT_PRIMARY_ANY_MORE, "NotWritablePrimary");
        assertFails(Reason.UNAVAILABLE, () -> store.append(ALICE, id, "key", batch("a", "b")));
        mongo.work();
        store.append(ALICE, id, "other", batch("c"));
        assertThat(store.append(ALICE, id, "key", batch("a", "b"))).isEqualTo(new Numbers(0, 2));
        assertThat(messages(id)).containsExactly("a", "b", "c");
    }

    /** A server may die after each step of copying keys out of a session's document. */
    @Test
    void noKeyIsForgottenWhenAServerDiesWhileItCopiesThem() {
        String id = session("s");
        for (int i = 0; i < Batches.MAX_IN_SESSION; i++) {
            store.append(ALICE, id, "key " + i, batch("m" + i));
        }
        mongo.fail(command -> "batches".equals(command.get("insert")), NOT_PRIMARY_ANY_MORE, "NotWritablePrimary");
        assertFails(Reason.UNAVAILABLE, () -> store.append(ALICE, id, "next", batch("next")));
        mongo.fail(command -> "sessions".equals(command.get("update")), NOT_PRIMARY_ANY_MORE, "NotWritablePrimary");
        assertFails(Reason.UNAVAILABLE, () -> store.append(ALICE, id, "next", batch("next")));
        mongo.work();
        assertThat(store.append(ALICE, id, "next", batch("next"))).isEqualTo(new Numbers(Batches.MAX_IN_SESSION, 1));
        for (int i = 0; i < Batches.MAX_IN_SESSION; i++) {
            assertThat(store.append(ALICE, id, "key " + i, batch("m" + i))).isEqualTo(new Numbers(i, 1));
        }
        assertThat(collection("batches").countDocuments()).isEqualTo(Batches.MAX_IN_SESSION / 2);
    }

    @Test
    void aKeyIsFoundAlthoughItIsMovedWhileItIsLookedFor() {
        String id = session("s");
        store.append(ALICE, id, "key", batch("a"));
        mongo.intrude(command -> command.containsKey("findAndModify"), move(id));
        assertThat(store.append(ALICE, id, "key", batch("a"))).isEqualTo(new Numbers(0, 1));
        assertThat(messages(id)).containsExactly("a");
        assertThat(collection("sessions").find().first().getLong("moves")).isEqualTo(1);
    }

    /** The change with which another server moves a session's only key out of its document. */
    private static Document[] move(String id) {
        Document copy = new Document("_id", id + "/key")
                .append("sessionId", id)
                .append("startSequence", 0L)
                .append("count", 1);
        Document taken = new Document("$set", new Document("batches", List.of()));
        return new Document[] {
            new Document("insert", "batches").append("documents", List.of(copy)),
            update(id, taken.append("$inc", new Document("moves", 1L)))
        };
    }

    private static Document update(String session, Document update) {
        Document change = new Document("q", new Document("_id", session)).append("u", update);
        return new Document("update", "sessions").append("updates", List.of(change));
    }

    private static boolean asksForBatches(Document command) {
        return "sessions".equals(command.get("find")) && ((Document) command.get("projection")).containsKey("batches");
    }

    @Test
    void aKeyInAProtectedSessionIsFoundAlthoughItIsMovedWhileItIsLookedFor() {
        String id = session("s");
        store.append(ALICE, id, "key", batch("a"));
        store.upsert(ALICE, "w", new Description("s", null, null, null, null, true));
        mongo.intrude(MongoStoreTest::asksForBatches, move(id));
        assertThat(store.append(ALICE, id, "key", batch("a"))).isEqualTo(new Numbers(0, 1));
        assertThat(collection("sessions").find().first().getLong("moves")).isEqualTo(1);
    }

    @Test
    void aBatchWhoseKeyWasFreedByRetentionIsStoredOnceAlthoughItComesTwiceAtTheSameTime() {
        String id = session("s");
        store.append(ALICE, id, "key", batch("a"));
        store.deleteOlderThan(clock.instant().plusSeconds(1), 10);
        Document freed = new Document("key", "\nfreed").append("count", 1);
        Document taken = new Document("key", "key").append("count", 1);
        Document update = new Document("$set", new Document("batches", List.of(freed, taken)))
                .append("$inc", new Document("nextSequenceNumber", 1L));
        Document record = new Document("_id", "other").append("sessionId", id).append("sequenceNumber", 1L);
        mongo.intrude(
                command -> "batches".equals(command.get("delete")),
                update(id, update),
                new Document("insert", "logs").append("documents", List.of(record)));
        assertThat(store.append(ALICE, id, "key", batch("a"))).isEqualTo(new Numbers(1, 1));
        assertThat(store.session(ALICE, id).end()).isEqualTo(2);
    }

    @Test
    void aBatchGetsNoNumbersInASessionThatIsProtectedOrDeletedMeanwhile() {
        String id = session("s");
        String other = session("other");
        mongo.intrude(command -> command.containsKey("findAndModify"), set(id, "writeProtected"));
        assertFails(Reason.PROTECTED, () -> store.append(ALICE, id, null, batch("m")));
        mongo.intrude(command -> command.containsKey("findAndModify"), set(other, "deleted"));
        assertFails(Reason.DELETED, () -> store.append(ALICE, other, null, batch("m")));
        assertThat(collection("logs").countDocuments()).isZero();
    }

    private static Document set(String id, String field) {
        return update(id, new Document("$set", new Document(field, true)));
    }

    // The queries that reach the database

    private List<Document> commands(Runnable call) {
        List<Document> commands = Collections.synchronizedList(new ArrayList<>());
        mongo.fail(
                command -> {
                    if (!isOfRemoval(command)) {
                        commands.add(command.cloneDeeply());
                    }
                    return false;
                },
                0,
                "");
        call.run();
        mongo.work();
        return commands;
    }

    @Test
    void everyQueryForManyDocumentsHasATimeLimitAndSortsByAnIndex() {
        String id = session("s");
        store.append(ALICE, id, null, List.of(withMetadata("{\"x\": 1}")));
        List<Document> questions = commands(() -> {
                    store.records(id, query().byTime().descending().search("x").done());
                    store.records(id, query().from(TIME).to(TIME).done());
                    store.series(id, new SeriesQuery("x", null, -1), point -> {});
                    store.sessions(ALICE);
                    store.end(id);
                })
                .stream()
                .filter(command -> command.containsKey("sort"))
                .toList();
        assertThat(questions).hasSize(6);
        assertThat(questions)
                .allMatch(question -> LogStore.MAX_READ.toMillis() == ((Number) question.get("maxTimeMS")).longValue());
        assertThat(questions.stream()
                        .map(question -> ((Document) question.get("sort")).keySet())
                        .map(fields -> String.join(" ", fields))
                        .distinct())
                .containsExactly(
                        "sessionId timestamp timestampMicros sequenceNumber",
                        "sessionId sequenceNumber",
                        "userId deleted lastLogAt");
    }

    @Test
    void theKeysOfBatchesAreReadOnlyWhereTheyAreNeeded() {
        String id = session("s");
        store.append(ALICE, id, "key", batch("m"));
        List<Document> commands = commands(() -> {
            store.sessions(ALICE);
            store.session(ALICE, id);
            store.append(ALICE, id, "other", batch("m"));
            store.end(id);
            session("s");
        });
        List<Document> ofSessions = commands.stream()
                .filter(command ->
                        "sessions".equals(command.get("find")) || "sessions".equals(command.get("findAndModify")))
                .toList();
        assertThat(ofSessions).hasSize(6);
        for (Document command : ofSessions) {
            Document fields =
                    (Document) (command.containsKey("find") ? command.get("projection") : command.get("fields"));
            boolean isLeftOut = fields.values().stream().allMatch(value -> ((Number) value).intValue() == 0)
                    ? fields.containsKey("batches")
                    : !fields.containsKey("batches");
            assertThat(isLeftOut).as(command.toString()).isTrue();
        }
    }

    @Test
    void writesAreInAMajorityOfJournalsUnlessTheUriSaysOtherwise() {
        String id = session("s");
        Document insert = insert(commands(() -> store.append(ALICE, id, null, batch("m"))));
        assertThat(insert.get("writeConcern")).hasToString("{\"w\" : \"majority\", \"j\" : true}");
        try (MongoStore other = new MongoStore(uri() + "?w=1", clock)) {
            insert = insert(commands(() -> other.append(ALICE, id, null, batch("m"))));
            assertThat(insert.get("writeConcern")).hasToString("{\"w\" : 1}");
        }
    }

    /** The removal thread may run at any time. */
    private static boolean isOfRemoval(Document command) {
        return command.toString().contains("deletedAt") || command.containsValue("files");
    }

    private static Document insert(List<Document> commands) {
        return commands.stream()
                .filter(command -> "logs".equals(command.get("insert")))
                .findFirst()
                .orElseThrow();
    }
}
