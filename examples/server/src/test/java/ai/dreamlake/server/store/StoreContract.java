package ai.dreamlake.server.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.dreamlake.server.store.Condition.Operator;
import ai.dreamlake.server.store.Histogram.Bucket;
import ai.dreamlake.server.store.LogStore.Upserted;
import ai.dreamlake.server.store.RecordQuery.Order;
import ai.dreamlake.server.store.RunStore.Appended;
import ai.dreamlake.server.store.RunStore.Parameters;
import ai.dreamlake.server.store.RunStore.StoredFile;
import ai.dreamlake.server.store.RunStore.Track;
import ai.dreamlake.server.store.StoreException.Reason;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.cfg.JsonNodeFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** What every store promises. */
public abstract class StoreContract {

    protected static final String ALICE = "3159282601";
    protected static final String BOB = "9346719481";
    protected static final Instant TIME = Instant.parse("2025-10-29T10:30:00.123456Z");

    /** Reads numbers as the server does. */
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    protected Store store;

    /** Opens the store of this test, with the same data each time. Only one is open at a time. */
    protected abstract Store open() throws Exception;

    @BeforeEach
    void openFirst() throws Exception {
        store = open();
    }

    @AfterEach
    void closeLast() {
        store.close();
    }

    /** Closes and opens the store, as a restart of the server does. */
    protected final void reopen() throws Exception {
        store.close();
        store = open();
    }

    protected static ObjectNode json(String text) {
        return (ObjectNode) JSON.readTree(text);
    }

    protected static NewRecord record(String message) {
        return new NewRecord(TIME, Level.INFO, message, null);
    }

    protected static NewRecord record(Instant time, Level level, String message) {
        return new NewRecord(time, level, message, null);
    }

    protected static NewRecord withMetadata(String metadata) {
        return new NewRecord(TIME, Level.INFO, "m", json(metadata));
    }

    protected static List<NewRecord> batch(String... messages) {
        return Arrays.stream(messages).map(StoreContract::record).toList();
    }

    protected final String session(String name) {
        return store.upsert(ALICE, "w", Description.named(name)).session().id();
    }

    protected static void assertFails(Reason reason, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        StoreException.class,
                        failure -> assertThat(failure.reason()).isEqualTo(reason));
    }

    /** All records of a session, which must be numbered 0, 1, 2 … */
    protected final List<StoredRecord> records(String id) {
        List<StoredRecord> records = new ArrayList<>();
        boolean hasMore = true;
        while (hasMore) {
            Page<StoredRecord> page = store.records(id, RecordQuery.after(records.size() - 1L, 1000));
            for (StoredRecord record : page.items()) {
                assertThat(record.number()).isEqualTo(records.size());
                records.add(record);
            }
            hasMore = page.hasMore();
        }
        return records;
    }

    protected final List<String> messages(String id) {
        return records(id).stream().map(StoredRecord::message).toList();
    }

    /** Builds a query from the parts that differ from the default. */
    protected static final class Query {
        private int limit = 100;
        private long offset;
        private Order order = Order.NUMBER;
        private boolean isDescending;
        private Set<Level> levels = Set.of();
        private Instant from;
        private Instant to;
        private long after = -1;
        private long before = Long.MAX_VALUE;
        private String search;
        private List<Condition> conditions = List.of();

        public Query limit(int limit) {
            this.limit = limit;
            return this;
        }

        public Query offset(long offset) {
            this.offset = offset;
            return this;
        }

        public Query byTime() {
            order = Order.TIMESTAMP;
            return this;
        }

        public Query descending() {
            isDescending = true;
            return this;
        }

        public Query levels(Level... levels) {
            this.levels = Set.of(levels);
            return this;
        }

        public Query from(Instant from) {
            this.from = from;
            return this;
        }

        public Query to(Instant to) {
            this.to = to;
            return this;
        }

        public Query after(long after) {
            this.after = after;
            return this;
        }

        public Query before(long before) {
            this.before = before;
            return this;
        }

        public Query search(String search) {
            this.search = search;
            return this;
        }

        public Query where(Condition... conditions) {
            this.conditions = List.of(conditions);
            return this;
        }

        public RecordQuery done() {
            return new RecordQuery(limit, offset, order, isDescending, filter());
        }

        public RecordFilter filter() {
            return new RecordFilter(levels, from, to, after, before, search, conditions);
        }
    }

    protected static Query query() {
        return new Query();
    }

    /** The numbers of the records that match, followed by -1 if there are more. */
    protected final List<Long> numbers(String id, Query query) {
        Page<StoredRecord> page = store.records(id, query.done());
        List<Long> numbers =
                new ArrayList<>(page.items().stream().map(StoredRecord::number).toList());
        if (page.hasMore()) {
            numbers.add(-1L);
        }
        return numbers;
    }

    private static List<Long> range(long from, long to) {
        return LongStream.rangeClosed(from, to).boxed().toList();
    }

    // Sessions

    @Test
    void theStoreAnswers() {
        store.ping();
    }

    @Test
    void aSessionIsCreatedOnceForAUserAWorkspaceAndAName() throws Exception {
        Upserted first = store.upsert(ALICE, "w", Description.named("s"));
        assertThat(first.isNew()).isTrue();
        Upserted again = store.upsert(ALICE, "w", Description.named("s"));
        assertThat(again.isNew()).isFalse();
        assertThat(again.session().id()).isEqualTo(first.session().id());
        reopen();
        assertThat(session("s")).isEqualTo(first.session().id());
        Set<String> ids = new TreeSet<>(List.of(first.session().id()));
        ids.add(store.upsert(BOB, "w", Description.named("s")).session().id());
        ids.add(store.upsert(ALICE, "v", Description.named("s")).session().id());
        ids.add(store.upsert(ALICE, "w", Description.named("S")).session().id());
        ids.add(store.upsert(ALICE, "w/s", Description.named("s")).session().id());
        ids.add(store.upsert(ALICE, "w", Description.named("s/s")).session().id());
        assertThat(ids).hasSize(6);
    }

    @Test
    void aNewSessionHasNothingButItsName() {
        Instant before = Instant.now().truncatedTo(ChronoUnit.MILLIS);
        Session session = store.upsert(ALICE, "w", Description.named("s")).session();
        assertThat(session.createdAt()).isBetween(before, Instant.now());
        assertThat(session)
                .isEqualTo(new Session(
                        session.id(),
                        ALICE,
                        "w",
                        "s",
                        null,
                        null,
                        null,
                        null,
                        false,
                        0,
                        0,
                        Map.of(),
                        Map.of(),
                        null,
                        null,
                        session.createdAt(),
                        session.createdAt()));
        assertThat(store.session(ALICE, session.id())).isEqualTo(session);
    }

    @Test
    void anUpsertChangesOnlyTheGivenFields() throws Exception {
        ObjectNode metadata = json("{\"lr\": 0.10, \"a.b\": {\"$set\": 1}}");
        Description given = new Description("s", "about", List.of("a", "b"), "/f", metadata, false);
        Session first = store.upsert(ALICE, "w", given).session();
        assertThat(first.description()).isEqualTo("about");
        assertThat(first.tags()).containsExactly("a", "b");
        assertThat(first.folder()).isEqualTo("/f");
        assertThat(first.metadata()).isEqualTo(metadata);
        Description other = new Description("s", null, List.of(), null, json("{}"), true);
        store.upsert(ALICE, "w", other);
        reopen();
        Session second = store.session(ALICE, first.id());
        assertThat(second.description()).isEqualTo("about");
        assertThat(second.tags()).isEmpty();
        assertThat(second.folder()).isEqualTo("/f");
        assertThat(second.metadata()).isEqualTo(json("{}"));
        assertThat(second.writeProtected()).isTrue();
        assertThat(second.createdAt()).isEqualTo(first.createdAt());
        assertThat(second.updatedAt()).isAfterOrEqualTo(first.updatedAt());
        assertThat(store.upsert(ALICE, "w", Description.named("s")).session().writeProtected())
                .isTrue();
        Description open = new Description("s", null, null, null, null, false);
        assertThat(store.upsert(ALICE, "w", open).session().writeProtected()).isFalse();
    }

    @Test
    void idsHaveNoOrder() {
        List<String> ids =
                IntStream.range(0, 20).mapToObj(i -> session("s" + i)).toList();
        assertThat(ids)
                .doesNotHaveDuplicates()
                .isNotEqualTo(ids.stream().sorted().toList());
        assertThat(ids).allMatch(id -> id.length() >= 20);
    }

    @Test
    void aSessionIsForItsUserOnly() {
        String id = session("s");
        assertFails(Reason.UNKNOWN, () -> store.session(BOB, id));
        assertFails(Reason.UNKNOWN, () -> store.session(ALICE, "000000000000000000000000"));
        assertFails(Reason.UNKNOWN, () -> store.append(BOB, id, null, batch("m")));
        assertFails(Reason.UNKNOWN, () -> store.delete(BOB, id));
        assertThat(store.sessions(BOB)).isEmpty();
        assertThat(store.session(ALICE, id).end()).isZero();
    }

    @Test
    void sessionsAreListedTheOneWithTheNewestRecordFirst() {
        String empty = session("empty");
        String old = session("old");
        String newest = session("newest");
        String gone = session("gone");
        store.append(ALICE, newest, null, List.of(record(TIME.plusSeconds(2), Level.INFO, "m")));
        store.append(ALICE, old, null, List.of(record(TIME, Level.INFO, "m")));
        store.append(ALICE, gone, null, List.of(record(TIME, Level.INFO, "m")));
        store.delete(ALICE, gone);
        assertThat(store.sessions(ALICE).stream().map(Session::id)).containsExactly(newest, old, empty);
        assertThat(store.sessions(ALICE).get(0)).isEqualTo(store.session(ALICE, newest));
    }

    @Test
    void aListLeavesOutLargeMetadataWhereThereIsMuch() {
        ObjectNode large = json("{\"a\": \"" + "x".repeat(1_000_000) + "\"}");
        for (int i = 0; i < 6; i++) {
            store.upsert(ALICE, "w", new Description("large " + i, null, null, null, large, null));
        }
        ObjectNode small = json("{\"a\": 1}");
        store.upsert(ALICE, "w", new Description("small", null, null, null, small, null));
        List<Session> sessions = store.sessions(ALICE);
        assertThat(sessions).hasSize(7);
        assertThat(sessions.stream().filter(session -> large.equals(session.metadata())))
                .hasSize(4);
        assertThat(sessions.stream().filter(session -> session.metadata() == null))
                .hasSize(2)
                .allSatisfy(
                        session -> assertThat(store.session(ALICE, session.id()).metadata())
                                .isEqualTo(large));
        assertThat(sessions.stream().filter(session -> small.equals(session.metadata())))
                .hasSize(1);
    }

    @Test
    void manyClientsThatCreateTheSameSessionGetTheSameOne() throws Exception {
        Callable<Upserted> make = () -> store.upsert(ALICE, "w", Description.named("the same"));
        List<Upserted> all = together(Collections.nCopies(32, make));
        assertThat(all.stream().map(upserted -> upserted.session().id()).distinct())
                .hasSize(1);
        assertThat(all.stream().filter(Upserted::isNew)).hasSize(1);
    }

    /** Runs all calls on eight threads. */
    protected static <T> List<T> together(List<Callable<T>> calls) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<T> results = new ArrayList<>();
            for (Future<T> one : threads.invokeAll(calls)) {
                results.add(one.get());
            }
            return results;
        } finally {
            threads.shutdown();
        }
    }

    // Appending

    @Test
    void recordsComeBackAsTheyWereSent() throws Exception {
        String id = session("s");
        List<NewRecord> sent = List.of(
                record(Instant.parse("0000-01-01T00:00:00Z"), Level.DEBUG, ""),
                record(Instant.parse("9999-12-31T23:59:59.999999Z"), Level.FATAL, "a\0b\n\u2028\ud83d\ude00 ä"),
                record(Instant.parse("1969-12-31T23:59:59.999999Z"), Level.WARN, "'); DROP TABLE record; --"),
                new NewRecord(TIME, Level.ERROR, "m", json("""
                                {"z": 1, "a": {"$x.y": [1, 2.50, null, true, {"": "\\u0000"}]}, "": -0.0,
                                 "big": 123456789012345678901234567890, "long": 9223372036854775807,
                                 "exact": 0.1000000000000000055511151231257827, "huge": 1E+400, "tiny": 1e-7}
                                """)),
                new NewRecord(TIME, Level.INFO, "m", json("{}")));
        Instant before = Instant.now().truncatedTo(ChronoUnit.MILLIS);
        assertThat(store.append(ALICE, id, null, sent)).isEqualTo(new Numbers(0, sent.size()));
        Instant after = Instant.now();
        reopen();
        List<StoredRecord> stored = records(id);
        assertThat(stored).hasSize(sent.size());
        for (int i = 0; i < sent.size(); i++) {
            NewRecord expected = sent.get(i);
            StoredRecord found = stored.get(i);
            assertThat(found.timestamp()).isEqualTo(expected.timestamp());
            assertThat(found.level()).isEqualTo(expected.level());
            assertThat(found.message()).isEqualTo(expected.message());
            assertThat(found.metadata()).isEqualTo(expected.metadata());
            assertThat(found.createdAt()).isBetween(before, after);
        }
        assertThat(stored.get(3).metadata()).hasToString(sent.get(3).metadata().toString());
    }

    @Test
    void aTimeIsKeptToTheMicrosecond() {
        String id = session("s");
        store.append(
                ALICE,
                id,
                null,
                List.of(
                        record(Instant.parse("2025-10-29T10:30:00.123456999Z"), Level.INFO, "m"),
                        record(Instant.parse("1969-12-31T23:59:59.000000999Z"), Level.INFO, "m")));
        assertThat(records(id).stream().map(StoredRecord::timestamp))
                .containsExactly(TIME, Instant.parse("1969-12-31T23:59:59Z"));
    }

    @Test
    void numbersContinueAfterARestart() throws Exception {
        String id = session("s");
        assertThat(store.append(ALICE, id, null, batch("a", "b"))).isEqualTo(new Numbers(0, 2));
        reopen();
        assertThat(store.append(ALICE, id, "key", batch("c"))).isEqualTo(new Numbers(2, 1));
        assertThat(messages(id)).containsExactly("a", "b", "c");
        assertThat(store.end(id)).isEqualTo(3);
        assertThat(store.end("000000000000000000000000")).isZero();
    }

    @Test
    void aBatchThatComesAgainUnderItsKeyIsStoredOnceAndAnsweredAsBefore() throws Exception {
        String id = session("s");
        String other = session("other");
        Numbers first = store.append(ALICE, id, "key", batch("a", "b"));
        store.append(ALICE, id, "another", batch("c"));
        assertThat(store.append(ALICE, id, "key", batch("a", "b"))).isEqualTo(first);
        assertThat(store.append(ALICE, other, "key", batch("x")))
                .as("a key counts in its session")
                .isEqualTo(new Numbers(0, 1));
        assertFails(Reason.KEY_REUSED, () -> store.append(ALICE, id, "key", batch("a")));
        reopen();
        assertThat(store.append(ALICE, id, "key", batch("a", "b"))).isEqualTo(first);
        assertThat(messages(id)).containsExactly("a", "b", "c");
        assertThat(store.session(ALICE, id).recordCount()).isEqualTo(3);
    }

    @Test
    void aBatchWithoutAKeyIsStoredEachTime() {
        String id = session("s");
        store.append(ALICE, id, null, batch("a"));
        store.append(ALICE, id, null, batch("a"));
        assertThat(messages(id)).containsExactly("a", "a");
    }

    @Test
    void aKeyIsKnownForever() {
        String id = session("s");
        Numbers first = store.append(ALICE, id, "key", batch("first"));
        for (int i = 0; i < 300; i++) {
            store.append(ALICE, id, "key " + i, batch("m" + i));
        }
        assertThat(store.append(ALICE, id, "key", batch("first"))).isEqualTo(first);
        assertThat(records(id)).hasSize(301);
    }

    @Test
    void aWriteProtectedSessionAcceptsNothingButCanBeRead() {
        String id = session("s");
        Numbers before = store.append(ALICE, id, "key", batch("a"));
        store.upsert(ALICE, "w", new Description("s", null, null, null, null, true));
        assertFails(Reason.PROTECTED, () -> store.append(ALICE, id, "other", batch("b")));
        assertFails(Reason.PROTECTED, () -> store.append(ALICE, id, null, batch("b")));
        assertThat(store.append(ALICE, id, "key", batch("a")))
                .as("it was stored before")
                .isEqualTo(before);
        assertThat(messages(id)).containsExactly("a");
    }

    @Test
    void eightWritersGetGaplessNumbersAlsoIfEachBatchComesTwice() throws Exception {
        String id = session("s");
        List<Callable<Numbers>> calls = new ArrayList<>();
        int records = 0;
        for (int i = 0; i < 200; i++) {
            int number = i;
            String[] messages = IntStream.range(0, 1 + i % 3)
                    .mapToObj(part -> number + "/" + part)
                    .toArray(String[]::new);
            Callable<Numbers> call = () -> store.append(ALICE, id, "key " + number, batch(messages));
            calls.add(call);
            calls.add(call);
            records += messages.length;
        }
        List<Numbers> all = together(calls);
        List<String> messages = messages(id);
        assertThat(messages).hasSize(records);
        for (int i = 0; i < all.size(); i += 2) {
            assertThat(all.get(i)).isEqualTo(all.get(i + 1));
            for (int part = 0; part < all.get(i).count(); part++) {
                assertThat(messages.get((int) all.get(i).start() + part)).isEqualTo(i / 2 + "/" + part);
            }
        }
    }

    @Test
    void aSessionCountsItsRecordsAndKnowsItsFirstAndLastTime() throws Exception {
        String id = session("s");
        store.append(ALICE, id, "k", batch("a", "b"));
        store.append(ALICE, id, "k", batch("a", "b"));
        store.append(ALICE, id, null, List.of(record(TIME.minusSeconds(3600), Level.FATAL, "c")));
        reopen();
        Session session = store.session(ALICE, id);
        assertThat(session.end()).isEqualTo(3);
        assertThat(session.recordCount()).isEqualTo(3);
        assertThat(session.levelCounts()).isEqualTo(Map.of(Level.INFO, 2L, Level.FATAL, 1L));
        assertThat(session.firstRecordAt()).isEqualTo(TIME.minusSeconds(3600));
        assertThat(session.lastRecordAt()).isEqualTo(TIME);
    }

    @Test
    void aSessionKnowsTheNewestValueOfEachMetric() throws Exception {
        String id = session("s");
        store.append(
                ALICE,
                id,
                null,
                List.of(
                        withMetadata(
                                "{\"loss\": 2, \"name\": \"x\", \"eval\": {\"loss\": 0.5, \"a.b\": 7}, \"list\": [1]}"),
                        withMetadata("{\"loss\": 1.25, \"bad\": \"NaN\"}")));
        store.append(ALICE, id, null, List.of(withMetadata("{\"eval.loss\": 9, \"eval\": {\"loss\": 3}}")));
        store.append(ALICE, id, null, List.of(withMetadata("{\"low\": \"-Infinity\", \"flag\": true}"), record("m")));
        reopen();
        assertThat(store.session(ALICE, id).lastMetrics())
                .isEqualTo(Map.of("loss", 1.25, "eval.loss", 9.0, "eval.a.b", 7.0, "bad", Double.NaN, "low", -1.0 / 0));
    }

    @Test
    void aSessionKeepsItsFirstHundredMetrics() {
        String id = session("s");
        for (int i = 0; i < 12; i++) {
            ObjectNode metadata = json("{\"kept\": " + i + "}");
            for (int j = 0; j < 10; j++) {
                metadata.put("m" + i + "_" + j, j);
            }
            store.append(ALICE, id, null, List.of(new NewRecord(TIME, Level.INFO, "m", metadata)));
        }
        assertThat(store.session(ALICE, id).lastMetrics())
                .hasSize(LogStore.MAX_METRICS)
                .containsEntry("kept", 11.0)
                .containsKey("m0_9")
                .doesNotContainKey("m11_0");
    }

    // Reading

    /** A hundred records, one a second; each tenth a warning, and 37 and 73 errors. */
    private String hundred() {
        String id = session("hundred");
        String between = session("between");
        for (int i = 0; i < 100; i++) {
            Level level = i == 37 || i == 73 ? Level.ERROR : i % 10 == 0 ? Level.WARN : Level.INFO;
            store.append(ALICE, id, null, List.of(record(TIME.plusSeconds(i), level, "Record " + i + ".")));
            store.append(ALICE, between, null, List.of(record(TIME.plusSeconds(i), level, "Between " + i + ".")));
        }
        return id;
    }

    @Test
    void pagesAreInTheOrderOfTheNumbers() {
        String id = hundred();
        assertThat(numbers(id, query().limit(3))).containsExactly(0L, 1L, 2L, -1L);
        assertThat(numbers(id, query().limit(3).offset(96))).containsExactly(96L, 97L, 98L, -1L);
        assertThat(numbers(id, query().limit(3).offset(97))).containsExactly(97L, 98L, 99L);
        assertThat(numbers(id, query().limit(3).offset(99))).containsExactly(99L);
        assertThat(numbers(id, query().limit(3).offset(100))).isEmpty();
        assertThat(numbers(id, query().limit(3).offset(Integer.MAX_VALUE))).isEmpty();
        assertThat(numbers(id, query().limit(2).descending())).containsExactly(99L, 98L, -1L);
        assertThat(numbers(id, query().limit(2).descending().offset(98))).containsExactly(1L, 0L);
        assertThat(numbers(id, query())).isEqualTo(range(0, 99));
    }

    @Test
    void pagesMayBeginAfterANumberAndEndBeforeOne() {
        String id = hundred();
        assertThat(numbers(id, query().after(90).limit(2))).containsExactly(91L, 92L, -1L);
        assertThat(numbers(id, query().after(98))).containsExactly(99L);
        assertThat(numbers(id, query().after(99))).isEmpty();
        assertThat(numbers(id, query().after(Long.MAX_VALUE))).isEmpty();
        assertThat(numbers(id, query().before(2))).containsExactly(0L, 1L);
        assertThat(numbers(id, query().before(0))).isEmpty();
        assertThat(numbers(id, query().before(50).limit(2).descending())).containsExactly(49L, 48L, -1L);
        assertThat(numbers(id, query().after(10).before(14).offset(1))).containsExactly(12L, 13L);
        assertThat(numbers(id, query().after(9).before(31).levels(Level.WARN))).containsExactly(10L, 20L, 30L);
        assertThat(numbers(id, query().after(9).before(31).search("record 2").byTime()))
                .isEqualTo(range(20, 29));
    }

    @Test
    void recordsCanBeFilteredByLevel() {
        String id = hundred();
        assertThat(numbers(id, query().levels(Level.ERROR))).containsExactly(37L, 73L);
        assertThat(numbers(id, query().levels(Level.ERROR).limit(1))).containsExactly(37L, -1L);
        assertThat(numbers(id, query().levels(Level.ERROR).offset(1).limit(1))).containsExactly(73L);
        assertThat(numbers(
                        id, query().levels(Level.ERROR, Level.WARN).descending().limit(4)))
                .containsExactly(90L, 80L, 73L, 70L, -1L);
        assertThat(numbers(id, query().levels(Level.FATAL))).isEmpty();
        assertThat(numbers(id, query().levels(Level.values()))).isEqualTo(range(0, 99));
        assertThat(numbers(id, query().levels(Level.INFO).offset(84).limit(3)))
                .as("88 are of that level")
                .containsExactly(96L, 97L, 98L, -1L);
    }

    @Test
    void recordsCanBeFilteredByTime() {
        String id = hundred();
        Instant from = TIME.plusSeconds(40);
        Instant to = TIME.plusSeconds(43);
        assertThat(numbers(id, query().from(from).to(to))).isEqualTo(range(40, 43));
        assertThat(numbers(id, query().from(from.plusNanos(1)).to(to.minusNanos(1))))
                .containsExactly(41L, 42L);
        assertThat(numbers(id, query().from(from).limit(1))).containsExactly(40L, -1L);
        assertThat(numbers(id, query().to(to).descending().limit(2))).containsExactly(43L, 42L, -1L);
        assertThat(numbers(id, query().from(from).to(to).levels(Level.WARN))).containsExactly(40L);
        assertThat(numbers(id, query().from(to).to(from))).isEmpty();
        assertThat(numbers(id, query().from(TIME.plusSeconds(100)))).isEmpty();
        assertThat(numbers(id, query().to(TIME.minusSeconds(1)))).isEmpty();
        assertThat(numbers(id, query().from(Instant.MIN).to(Instant.MAX).limit(100)))
                .isEqualTo(range(0, 99));
    }

    @Test
    void recordsMayBeSortedByTheirTimesThoseOfTheSameTimeByTheirNumbers() {
        String id = session("s");
        int[] seconds = {5, 3, 5, 1, 3, 4};
        for (int second : seconds) {
            store.append(ALICE, id, null, List.of(record(TIME.plusSeconds(second), Level.INFO, "m" + second)));
        }
        assertThat(numbers(id, query().byTime())).containsExactly(3L, 1L, 4L, 5L, 0L, 2L);
        assertThat(numbers(id, query().byTime().descending())).containsExactly(2L, 0L, 5L, 4L, 1L, 3L);
        assertThat(numbers(id, query().byTime().offset(1).limit(2))).containsExactly(1L, 4L, -1L);
        assertThat(numbers(id, query().byTime().from(TIME.plusSeconds(4)))).containsExactly(5L, 0L, 2L);
        assertThat(numbers(id, query().from(TIME.plusSeconds(4)))).containsExactly(0L, 2L, 5L);
        assertThat(numbers(id, query().byTime().descending().search("M3"))).containsExactly(4L, 1L);
        assertThat(numbers(id, query().byTime().levels(Level.INFO).limit(1))).containsExactly(3L, -1L);
    }

    @Test
    void aSearchFindsPartsOfMessagesWhateverTheCaseOfTheirLetters() {
        String id = session("s");
        store.append(
                ALICE,
                id,
                null,
                batch(
                        "Epoch 1 DONE",
                        "100% of a_b\\c 'x'",
                        "ÄRGER mit Öl",
                        "Σοφός",
                        "МОСКВА",
                        "\ud801\udc00 deseret",
                        "e"));
        Map<String, Integer> found = Map.of(
                "epoch 1 d", 0, "% OF A_B\\C 'X'", 1, "ärger MIT ö", 2, "ΣΟΦΌΣ", 3, "сквА", 4, "\ud801\udc28 D", 5);
        found.forEach((search, number) ->
                assertThat(numbers(id, query().search(search))).as(search).containsExactly((long) number));
        assertThat(numbers(id, query().search("E"))).containsExactly(0L, 2L, 5L, 6L);
        for (String nothing : new String[] {"epoch  1", "%done", "e_och", "aXb", ".*", "a\\", "x".repeat(1000)}) {
            assertThat(numbers(id, query().search(nothing))).as(nothing).isEmpty();
        }
        String longest = "Long ".repeat(20_000);
        store.append(ALICE, id, null, batch("x" + longest, "Ä" + longest, "\0Zero"));
        assertThat(numbers(id, query().search(longest.toUpperCase(Locale.ROOT))))
                .containsExactly(7L, 8L);
        assertThat(numbers(id, query().search("zEro"))).containsExactly(9L);
        assertThat(numbers(
                        id, query().before(7).search("e").descending().limit(2).offset(1)))
                .containsExactly(5L, 2L, -1L);
        assertThat(numbers(id, query().search("e").levels(Level.WARN))).isEmpty();
        assertThat(numbers(id, query().search("e").from(TIME.plusSeconds(1)))).isEmpty();
    }

    @Test
    void aPageOfLargeRecordsEndsEarly() {
        String id = session("s");
        String text = "x".repeat(1_000_000);
        for (int i = 0; i < 30; i++) {
            store.append(ALICE, id, null, batch(text));
        }
        for (Query query : List.of(query(), query().levels(Level.INFO), query().descending(), query().byTime())) {
            Page<StoredRecord> page = store.records(id, query.done());
            assertThat(page.items()).hasSizeBetween(1, 10);
            assertThat(page.hasMore()).isTrue();
        }
        assertThat(records(id)).hasSize(30);
        store.append(ALICE, id, null, batch(text.repeat(10)));
        assertThat(store.records(id, query().after(29).done()).items()).hasSize(1);
    }

    // Conditions on metadata

    private static Condition condition(String name, Operator operator, Object value) {
        return new Condition(name, operator, value);
    }

    /** The numbers of the records whose entry {@code v} matches. */
    private List<Long> fitting(String id, Operator operator, Object value) {
        return numbers(id, query().where(condition("v", operator, value)));
    }

    @Test
    void aConditionComparesNumbersAlsoThoseThatJsonCannotWrite() {
        String id = session("s");
        String[] values = {
            "0.5",
            "1",
            "-3",
            "1e0",
            "\"NaN\"",
            "\"Infinity\"",
            "\"-Infinity\"",
            "0.10",
            "1E+400",
            "12345678901234567890123"
        };
        store.append(
                ALICE,
                id,
                null,
                Arrays.stream(values)
                        .map(value -> withMetadata("{\"v\": " + value + "}"))
                        .toList());
        String large = "9".repeat(400);
        store.append(ALICE, id, null, List.of(withMetadata("{\"v\": " + large + "}")));
        assertThat(store.session(ALICE, id).lastMetrics()).containsEntry("v", Double.POSITIVE_INFINITY);
        String[] others = {"null", "true", "\"1\"", "{\"v\": 1}", "[1, 0.5]", "[]"};
        for (String other : others) {
            store.append(ALICE, id, null, List.of(withMetadata("{\"v\": " + other + "}")));
        }
        store.append(ALICE, id, null, List.of(record("no metadata"), withMetadata("{\"w\": 1}"), withMetadata("{}")));
        assertThat(fitting(id, Operator.GREATER, 0.5)).containsExactly(1L, 3L, 5L, 8L, 9L, 10L);
        assertThat(fitting(id, Operator.GREATER_OR_EQUAL, 0.5)).containsExactly(0L, 1L, 3L, 5L, 8L, 9L, 10L);
        assertThat(fitting(id, Operator.LESS, 0.5)).containsExactly(2L, 6L, 7L);
        assertThat(fitting(id, Operator.LESS_OR_EQUAL, 0.5)).containsExactly(0L, 2L, 6L, 7L);
        assertThat(fitting(id, Operator.EQUAL, 1.0)).containsExactly(1L, 3L);
        assertThat(fitting(id, Operator.EQUAL, 0.1)).containsExactly(7L);
        assertThat(fitting(id, Operator.EQUAL, 12345678901234567890123.0)).containsExactly(9L);
        assertThat(fitting(id, Operator.DIFFERENT, 1.0)).containsExactly(0L, 2L, 4L, 5L, 6L, 7L, 8L, 9L, 10L);
        assertThat(fitting(id, Operator.EQUAL, Double.NaN)).containsExactly(4L);
        assertThat(fitting(id, Operator.LESS_OR_EQUAL, Double.NaN)).containsExactly(4L);
        assertThat(fitting(id, Operator.GREATER, Double.NaN)).isEmpty();
        assertThat(fitting(id, Operator.DIFFERENT, Double.NaN)).hasSize(10).doesNotContain(4L);
        assertThat(fitting(id, Operator.EQUAL, Double.POSITIVE_INFINITY))
                .as("a double has no more")
                .containsExactly(5L, 8L, 10L);
        assertThat(fitting(id, Operator.LESS, Double.POSITIVE_INFINITY)).containsExactly(0L, 1L, 2L, 3L, 6L, 7L, 9L);
        assertThat(fitting(id, Operator.LESS_OR_EQUAL, Double.NEGATIVE_INFINITY))
                .containsExactly(6L);
    }

    @Test
    void aConditionComparesTextsAndBooleansWithTheSameType() {
        String id = session("s");
        for (String value :
                List.of("\"train\"", "\"Train\"", "\"\"", "true", "false", "null", "1", "\"NaN\"", "\"a\\u0000\"")) {
            store.append(ALICE, id, null, List.of(withMetadata("{\"v\": " + value + "}")));
        }
        store.append(ALICE, id, null, List.of(record("no metadata"), withMetadata("{\"v\": [\"train\", true]}")));
        assertThat(fitting(id, Operator.EQUAL, "train")).containsExactly(0L);
        assertThat(fitting(id, Operator.DIFFERENT, "train")).containsExactly(1L, 2L, 7L, 8L);
        assertThat(fitting(id, Operator.EQUAL, "")).containsExactly(2L);
        assertThat(fitting(id, Operator.EQUAL, "NaN")).containsExactly(7L);
        assertThat(fitting(id, Operator.EQUAL, "a\0")).containsExactly(8L);
        assertThat(fitting(id, Operator.EQUAL, true)).containsExactly(3L);
        assertThat(fitting(id, Operator.DIFFERENT, true)).containsExactly(4L);
    }

    @Test
    void aConditionsNameIsThatOfAnEntryOrElseOfANestedOne() {
        String id = session("s");
        List<String> records = List.of(
                "{\"eval\": {\"loss\": 1, \"a.b\": {\"c\": 1}}}",
                "{\"eval\": {\"loss\": 1}, \"eval.loss\": 2}",
                "{\"eval\": {\"loss\": 2}, \"eval.loss\": 1}",
                "{\"eval\": {\"loss\": 1}, \"eval.loss\": \"text\"}",
                "{\"eval\": [{\"loss\": 1}]}",
                "{\"$where\": 1, \"a\\\"b\": 1, \"%2E\": 1, \"\": 1, \"a'[0]\": 1, \"1.2.3.4.5.6\": 1, \"1\": {\"2\": {\"3.4\": 2}}}");
        records.forEach(record -> store.append(ALICE, id, null, List.of(withMetadata(record))));
        assertThat(numbers(id, query().where(condition("eval.loss", Operator.EQUAL, 1.0))))
                .containsExactly(0L, 2L);
        assertThat(numbers(id, query().where(condition("eval.loss", Operator.DIFFERENT, 1.0))))
                .containsExactly(1L);
        assertThat(numbers(id, query().where(condition("eval.a.b.c", Operator.EQUAL, 1.0))))
                .containsExactly(0L);
        for (String name : List.of("$where", "a\"b", "%2E", "", "a'[0]", "1.2.3.4.5.6")) {
            assertThat(numbers(id, query().where(condition(name, Operator.LESS_OR_EQUAL, 1.0))))
                    .as(name)
                    .containsExactly(5L);
        }
        assertThat(numbers(id, query().where(condition("1.2.3.4", Operator.GREATER, 1.0))))
                .containsExactly(5L);
        assertThat(numbers(id, query().where(condition(".", Operator.DIFFERENT, 0.0))))
                .isEmpty();
    }

    @Test
    void conditionsCombineWithAllOtherFilters() {
        String id = session("s");
        List<NewRecord> batch = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            Level level = i % 2 == 0 ? Level.INFO : Level.WARN;
            batch.add(new NewRecord(
                    TIME.minusSeconds(i), level, "m" + i, json("{\"i\": " + i + ", \"j\": " + i % 3 + "}")));
        }
        store.append(ALICE, id, null, batch);
        Condition large = condition("i", Operator.GREATER_OR_EQUAL, 30.0);
        Condition third = condition("j", Operator.EQUAL, 0.0);
        assertThat(numbers(id, query().where(large, third))).containsExactly(30L, 33L, 36L, 39L);
        assertThat(numbers(id, query().where(large, third).limit(2))).containsExactly(30L, 33L, -1L);
        assertThat(numbers(id, query().where(large, third).limit(2).offset(1))).containsExactly(33L, 36L, -1L);
        assertThat(numbers(id, query().where(large, third).limit(2).offset(2))).containsExactly(36L, 39L);
        assertThat(numbers(id, query().where(third).descending().before(30).limit(2)))
                .containsExactly(27L, 24L, -1L);
        assertThat(numbers(id, query().where(third).after(32))).containsExactly(33L, 36L, 39L);
        assertThat(numbers(id, query().where(third).levels(Level.WARN).after(20)))
                .containsExactly(21L, 27L, 33L, 39L);
        assertThat(numbers(id, query().where(third).search("M3"))).containsExactly(3L, 30L, 33L, 36L, 39L);
        assertThat(numbers(id, query().where(third).byTime().limit(2))).containsExactly(39L, 36L, -1L);
        assertThat(numbers(id, query().where(third).to(TIME.minusSeconds(36)))).containsExactly(36L, 39L);
        assertThat(numbers(session("other"), query().where(third))).isEmpty();
        assertThat(numbers(id, query())).as("the next query has none").hasSize(40);
    }

    // Histogram

    private static Map<Level, Long> counts(Histogram histogram) {
        Map<Level, Long> counts = new EnumMap<>(Level.class);
        histogram
                .buckets()
                .forEach(bucket -> bucket.counts().forEach((level, count) -> counts.merge(level, count, Long::sum)));
        return counts;
    }

    @Test
    void aHistogramCountsRecordsByLevelInEqualSpansOfTime() {
        String id = session("s");
        assertThat(store.histogram(id, RecordFilter.ALL, 10)).isEqualTo(Histogram.EMPTY);
        List<NewRecord> batch = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            batch.add(record(TIME.plusMillis(i), i % 10 == 3 ? Level.FATAL : Level.DEBUG, "m" + i));
        }
        Collections.reverse(batch);
        store.append(ALICE, id, null, batch);
        store.append(ALICE, session("other"), null, batch("not counted"));
        Histogram histogram = store.histogram(id, RecordFilter.ALL, 10);
        assertThat(histogram.from()).isEqualTo(TIME);
        assertThat(histogram.to()).isEqualTo(TIME.plusMillis(99));
        assertThat(histogram.buckets()).hasSize(10);
        // 99,001 microseconds in ten spans are 9,901 each.
        assertThat(histogram.buckets().get(1))
                .isEqualTo(new Bucket(TIME.plusNanos(9_901_000), Map.of(Level.DEBUG, 9L, Level.FATAL, 1L)));
        assertThat(histogram.buckets().get(9).start()).isEqualTo(TIME.plusNanos(9 * 9_901_000));
        assertThat(counts(histogram)).isEqualTo(Map.of(Level.DEBUG, 90L, Level.FATAL, 10L));
        Histogram one = store.histogram(id, RecordFilter.ALL, 1);
        assertThat(one.buckets()).containsExactly(new Bucket(TIME, Map.of(Level.DEBUG, 90L, Level.FATAL, 10L)));
    }

    @Test
    void aHistogramCountsOnlyMatchingRecords() {
        String id = session("s");
        List<NewRecord> batch = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            Level level = i % 6 == 0 ? Level.ERROR : Level.INFO;
            batch.add(new NewRecord(TIME.plusSeconds(i), level, "m" + i, json("{\"i\": " + i + "}")));
        }
        store.append(ALICE, id, null, batch);
        assertThat(counts(store.histogram(id, query().levels(Level.ERROR).filter(), 7)))
                .isEqualTo(Map.of(Level.ERROR, 10L));
        assertThat(counts(store.histogram(id, query().search("M5").filter(), 7)))
                .isEqualTo(Map.of(Level.ERROR, 1L, Level.INFO, 10L));
        assertThat(counts(store.histogram(
                        id,
                        query().where(condition("i", Operator.LESS, 12.0))
                                .after(5)
                                .before(20)
                                .filter(),
                        7)))
                .isEqualTo(Map.of(Level.ERROR, 1L, Level.INFO, 5L));
        Histogram empty = store.histogram(id, query().levels(Level.WARN).filter(), 3);
        assertThat(empty.buckets())
                .hasSize(3)
                .allMatch(bucket -> bucket.counts().isEmpty());
        assertThat(store.histogram(id, query().after(1000).filter(), 3)).isEqualTo(empty);
    }

    @Test
    void aHistogramCoversTheGivenTime() {
        String id = session("s");
        store.append(
                ALICE,
                id,
                null,
                List.of(record(TIME, Level.INFO, "a"), record(TIME.plusSeconds(100), Level.INFO, "b")));
        Histogram inside = store.histogram(
                id, query().from(TIME.plusSeconds(40)).to(TIME.plusSeconds(50)).filter(), 2);
        assertThat(inside.from()).isEqualTo(TIME.plusSeconds(40));
        assertThat(inside.to()).isEqualTo(TIME.plusSeconds(50));
        assertThat(inside.buckets())
                .containsExactly(
                        new Bucket(TIME.plusSeconds(40), Map.of()),
                        new Bucket(TIME.plusSeconds(45).plusNanos(1000), Map.of()));
        Histogram wide = store.histogram(
                id,
                query().from(TIME.minusSeconds(100)).to(TIME.plusSeconds(299)).filter(),
                4);
        assertThat(wide.buckets()).extracting(bucket -> bucket.counts().size()).containsExactly(0, 1, 1, 0);
        assertThat(store.histogram(id, query().from(TIME.plusSeconds(1)).filter(), 2)
                        .buckets())
                .extracting(Bucket::counts)
                .containsExactly(Map.of(), Map.of(Level.INFO, 1L));
        assertThat(store.histogram(id, query().from(TIME.plusSeconds(101)).filter(), 2))
                .isEqualTo(Histogram.EMPTY);
        Histogram micro = store.histogram(id, query().to(TIME.plusNanos(2000)).filter(), 100);
        assertThat(micro.buckets()).as("no shorter than a microsecond").hasSize(3);
        RecordFilter tenMicros = query().from(TIME).to(TIME.plusNanos(9000)).filter();
        assertThat(store.histogram(id, tenMicros, 5).buckets()).hasSize(5);
        assertThat(micro.buckets().get(0).counts()).isEqualTo(Map.of(Level.INFO, 1L));
        Histogram early = store.histogram(
                id,
                query().from(Instant.parse("0000-01-01T00:00:00Z"))
                        .to(Instant.parse("9999-12-31T23:59:59Z"))
                        .filter(),
                2);
        assertThat(early.buckets()).extracting(Bucket::counts).containsExactly(Map.of(Level.INFO, 2L), Map.of());
    }

    // Series

    private List<SeriesPoint> series(String id, String name, String x, long after) {
        List<SeriesPoint> points = new ArrayList<>();
        store.series(id, new SeriesQuery(name, x, after), points::add);
        return points;
    }

    @Test
    void aSeriesIsANumberInTheRecordsMetadata() {
        String id = session("s");
        store.append(
                ALICE,
                id,
                null,
                List.of(
                        withMetadata("{\"loss\": 0.5, \"epoch\": 1}"),
                        record("no metadata"),
                        withMetadata("{\"loss\": \"NaN\", \"epoch\": \"later\"}"),
                        withMetadata("{\"loss\": true}"),
                        withMetadata("{\"loss\": \"Infinity\", \"epoch\": 3}"),
                        withMetadata("{\"loss\": \"-Infinity\"}"),
                        withMetadata("{\"epoch\": 4}"),
                        withMetadata("{\"loss\": 12345678901234567890123, \"epoch\": 5}")));
        assertThat(series(id, "loss", "epoch", -1))
                .containsExactly(
                        new SeriesPoint(0, TIME, 1, 0.5),
                        new SeriesPoint(2, TIME, Double.NaN, Double.NaN),
                        new SeriesPoint(4, TIME, 3, Double.POSITIVE_INFINITY),
                        new SeriesPoint(5, TIME, Double.NaN, Double.NEGATIVE_INFINITY),
                        new SeriesPoint(7, TIME, 5, 12345678901234567890123.0));
        assertThat(series(id, "loss", null, 4).stream().map(SeriesPoint::number))
                .containsExactly(5L, 7L);
        assertThat(series(id, "loss", null, 0).get(0).x()).isNaN();
        assertThat(series(id, "nothing", null, -1)).isEmpty();
        assertThat(series(id, "loss", null, Long.MAX_VALUE)).isEmpty();
    }

    @Test
    void aSeriesNameMayNameANestedEntry() {
        String id = session("s");
        store.append(
                ALICE,
                id,
                null,
                List.of(
                        withMetadata("{\"eval\": {\"loss\": 1, \"a.b\": {\"c\": 10}}}"),
                        withMetadata("{\"eval\": {\"loss\": 2}, \"eval.loss\": 3, \"eval.a\": {\"b.c\": 11}}"),
                        withMetadata("{\"eval\": {\"loss\": 2}, \"eval.loss\": \"text\"}"),
                        withMetadata("{\"eval\": [1], \"loss\": 5}")));
        assertThat(series(id, "eval.loss", null, -1).stream().map(SeriesPoint::value))
                .containsExactly(1.0, 3.0);
        assertThat(series(id, "eval.a.b.c", null, -1).stream().map(SeriesPoint::value))
                .containsExactly(10.0, 11.0);
    }

    // Deleting

    @Test
    void theIdOfADeletedSessionIsKnownForeverAndItsNameIsFree() throws Exception {
        String id = session("s");
        store.append(ALICE, id, "key", batch("a"));
        store.delete(ALICE, id);
        store.delete(ALICE, id);
        for (int i = 0; i < 2; i++) {
            assertFails(Reason.DELETED, () -> store.session(ALICE, id));
            assertFails(Reason.DELETED, () -> store.append(ALICE, id, "key", batch("a")));
            assertFails(Reason.UNKNOWN, () -> store.session(BOB, id));
            assertThat(store.records(id, query().done()).items()).isEmpty();
            assertThat(store.sessions(ALICE)).isEmpty();
            reopen();
        }
        String again = session("s");
        assertThat(again).isNotEqualTo(id);
        assertThat(store.append(ALICE, again, "key", batch("b"))).isEqualTo(new Numbers(0, 1));
        assertThat(messages(again)).containsExactly("b");
    }

    @Test
    void oldRecordsAreDeletedAndNumbersContinue() throws Exception {
        String id = session("s");
        String other = session("other");
        store.append(ALICE, id, "key", batch("a", "b"));
        store.append(ALICE, other, null, batch("x", "y", "z"));
        Instant now = Instant.now();
        assertThat(store.deleteOlderThan(now.minusSeconds(3600), 100)).isZero();
        Instant later = now.plusSeconds(3600);
        assertThat(store.deleteOlderThan(later, 3)).isEqualTo(3);
        assertThat(store.session(ALICE, id).recordCount()
                        + store.session(ALICE, other).recordCount())
                .isEqualTo(2);
        assertThat(store.deleteOlderThan(later, 3)).isEqualTo(2);
        assertThat(store.deleteOlderThan(later, 3)).isZero();
        reopen();
        assertThat(store.records(id, query().done()).items()).isEmpty();
        assertThat(store.session(ALICE, id).end()).isEqualTo(2);
        assertThat(store.session(ALICE, id).recordCount()).isZero();
        assertThat(store.append(ALICE, id, "key", batch("a", "b")))
                .as("keys are deleted with their records")
                .isEqualTo(new Numbers(2, 2));
        assertThat(numbers(id, query())).containsExactly(2L, 3L);
        assertThat(numbers(id, query().offset(1))).containsExactly(3L);
        assertThat(numbers(id, query().descending().limit(1))).containsExactly(3L, -1L);
        assertThat(numbers(id, query().byTime().levels(Level.INFO))).containsExactly(2L, 3L);
        assertThat(series(id, "x", null, -1)).isEmpty();
    }

    // Parameters

    @Test
    void parametersAreMerged() throws Exception {
        String id = session("s");
        assertThat(store.parameters(id)).isEmpty();
        Parameters first = store.mergeParameters(ALICE, id, json("{\"model.lr\": 0.10, \"seed\": 1}"));
        assertThat(first.version()).isEqualTo(1);
        assertThat(first.data()).isEqualTo(json("{\"model.lr\": 0.10, \"seed\": 1}"));
        Parameters second = store.mergeParameters(ALICE, id, json("{\"seed\": null, \"list\": [1]}"));
        assertThat(second.version()).isEqualTo(2);
        assertThat(second.id()).isEqualTo(first.id());
        assertThat(second.data()).hasToString("{\"model.lr\":0.10,\"seed\":null,\"list\":[1]}");
        assertThat(second.createdAt()).isEqualTo(first.createdAt());
        reopen();
        assertThat(store.parameters(id)).hasValue(second);
        assertThat(store.parameters(session("other"))).isEmpty();
        assertFails(Reason.UNKNOWN, () -> store.mergeParameters(BOB, id, json("{}")));
        store.upsert(ALICE, "w", new Description("s", null, null, null, null, true));
        assertFails(Reason.PROTECTED, () -> store.mergeParameters(ALICE, id, json("{}")));
        store.delete(ALICE, id);
        assertFails(Reason.DELETED, () -> store.mergeParameters(ALICE, id, json("{}")));
    }

    @Test
    void aSessionsParametersHaveALimitedSizeInAll() {
        String id = session("s");
        String large = "x".repeat(RunStore.MAX_PARAMETERS * 3 / 5);
        store.mergeParameters(ALICE, id, json("{\"a\": \"" + large + "\"}"));
        assertFails(Reason.TOO_LARGE, () -> store.mergeParameters(ALICE, id, json("{\"b\": \"" + large + "\"}")));
        assertThat(store.parameters(id).orElseThrow().version()).isEqualTo(1);
        Parameters replaced = store.mergeParameters(ALICE, id, json("{\"b\": 1, \"a\": \"y" + large + "\"}"));
        assertThat(replaced.data().propertyNames()).containsExactly("a", "b");
    }

    // Tracks

    private Appended append(String id, String track, String... points) {
        return store.appendToTrack(
                ALICE,
                id,
                track,
                null,
                null,
                null,
                Arrays.stream(points).map(StoreContract::json).toList());
    }

    @Test
    void aTracksPointsHaveIndexes() throws Exception {
        String id = session("s");
        assertThat(store.track(id, "loss")).isEmpty();
        assertThat(store.points(id, "loss", 0, 10).items()).isEmpty();
        Appended first = append(id, "loss", "{\"value\": 0.50, \"$step\": 1}", "{\"value\": \"x\"}");
        assertThat(first.numbers()).isEqualTo(new Numbers(0, 2));
        assertThat(first.track().end()).isEqualTo(2);
        Appended second = append(id, "loss", "{}");
        assertThat(second.numbers()).isEqualTo(new Numbers(2, 1));
        assertThat(second.track().id()).isEqualTo(first.track().id());
        append(id, "another", "{\"a.b\": 1}");
        reopen();
        assertThat(store.points(id, "loss", 0, 10))
                .isEqualTo(new Page<JsonNode>(
                        List.of(json("{\"value\": 0.50, \"$step\": 1}"), json("{\"value\": \"x\"}"), json("{}")),
                        false));
        assertThat(store.points(id, "loss", 1, 1))
                .isEqualTo(new Page<JsonNode>(List.of(json("{\"value\": \"x\"}")), true));
        assertThat(store.points(id, "loss", 3, 1)).isEqualTo(new Page<JsonNode>(List.of(), false));
        assertThat(store.tracks(id).stream().map(Track::name)).containsExactly("another", "loss");
        assertThat(store.track(id, "loss")).hasValue(second.track());
        assertThat(store.tracks(session("other"))).isEmpty();
    }

    @Test
    void aTracksDescriptionStaysUnlessItIsGivenAgain() {
        String id = session("s");
        store.appendToTrack(ALICE, id, "t", "about", List.of("a"), json("{\"unit\": 1.0}"), List.of(json("{}")));
        Track track = append(id, "t", "{}").track();
        assertThat(track.description()).isEqualTo("about");
        assertThat(track.tags()).containsExactly("a");
        assertThat(track.metadata()).isEqualTo(json("{\"unit\": 1.0}"));
        track = store.appendToTrack(ALICE, id, "t", "other", List.of(), null, List.of())
                .track();
        assertThat(track.description()).isEqualTo("other");
        assertThat(track.tags()).isEmpty();
        assertThat(track.metadata()).isEqualTo(json("{\"unit\": 1.0}"));
        assertThat(track.end()).isEqualTo(2);
    }

    @Test
    void tracksAreForTheirUserAndNotInAProtectedOrDeletedSession() {
        String id = session("s");
        append(id, "t", "{}");
        assertFails(Reason.UNKNOWN, () -> store.appendToTrack(BOB, id, "t", null, null, null, List.of(json("{}"))));
        store.upsert(ALICE, "w", new Description("s", null, null, null, null, true));
        assertFails(Reason.PROTECTED, () -> append(id, "t", "{}"));
        store.delete(ALICE, id);
        assertFails(Reason.DELETED, () -> append(id, "t", "{}"));
        assertThat(store.tracks(session("s"))).isEmpty();
    }

    @Test
    void concurrentAppendsToATrackGetDifferentIndexes() throws Exception {
        String id = session("s");
        Callable<Numbers> append = () -> append(id, "t", "{}", "{}").numbers();
        List<Numbers> all = together(Collections.nCopies(50, append));
        assertThat(all.stream().map(Numbers::start).sorted())
                .isEqualTo(LongStream.range(0, 50).map(i -> 2 * i).boxed().toList());
        assertThat(store.points(id, "t", 0, 1000).items()).hasSize(100);
    }

    // Files

    private static StoredFile described(String name) {
        return new StoredFile(
                null,
                "/models",
                name,
                "about",
                List.of("a"),
                json("{\"epoch\": 1.50}"),
                "application/octet-stream",
                null,
                0,
                null,
                null);
    }

    private StoredFile add(String id, String name, byte[] bytes) throws IOException {
        return store.addFile(ALICE, id, described(name), new ByteArrayInputStream(bytes), bytes.length);
    }

    private static byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            bytes[i] = (byte) (i * 31 + i / 7919);
        }
        return bytes;
    }

    private byte[] read(String id, String fileId) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        store.readFile(id, fileId, out);
        return out.toByteArray();
    }

    @Test
    void aFileComesBackAsItWasSent() throws Exception {
        String id = session("s");
        for (int size : new int[] {0, 1, 256 * 1024, 3_000_001}) {
            byte[] bytes = bytes(size);
            StoredFile added = add(id, "f" + size, bytes);
            assertThat(added.size()).isEqualTo(size);
            assertThat(added.checksum())
                    .isEqualTo(HexFormat.of()
                            .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes)));
            assertThat(added.prefix()).isEqualTo("/models");
            assertThat(added.name()).isEqualTo("f" + size);
            assertThat(added.description()).isEqualTo("about");
            assertThat(added.tags()).containsExactly("a");
            assertThat(added.metadata()).isEqualTo(json("{\"epoch\": 1.50}"));
            assertThat(added.contentType()).isEqualTo("application/octet-stream");
            reopen();
            assertThat(store.file(id, added.id())).isEqualTo(added);
            assertThat(read(id, added.id())).isEqualTo(bytes);
        }
        assertThat(store.files(id).stream().map(StoredFile::name))
                .containsExactly("f0", "f1", "f" + 256 * 1024, "f3000001");
    }

    @Test
    void aFileThatIsTooLargeOrCannotBeReadIsNotStored() {
        String id = session("s");
        assertFails(
                Reason.TOO_LARGE,
                () -> store.addFile(ALICE, id, described("f"), new ByteArrayInputStream(bytes(1_000_001)), 1_000_000));
        InputStream broken = new InputStream() {
            private int left = 600_000;

            @Override
            public int read() throws IOException {
                if (left-- <= 0) {
                    throw new IOException("cut off");
                }
                return 1;
            }
        };
        assertThatThrownBy(() -> store.addFile(ALICE, id, described("f"), broken, 1_000_000))
                .isInstanceOf(IOException.class)
                .hasMessage("cut off");
        assertThat(store.files(id)).isEmpty();
    }

    @Test
    void aFileReaderThatDisconnectsHarmsNobody() throws Exception {
        String id = session("s");
        StoredFile file = add(id, "f", bytes(1_000_000));
        OutputStream broken = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("gone");
            }
        };
        assertThatThrownBy(() -> store.readFile(id, file.id(), broken)).hasMessage("gone");
        assertThat(read(id, file.id())).hasSize(1_000_000);
    }

    @Test
    void aFilesDescriptionCanBeChangedAndAFileDeleted() throws Exception {
        String id = session("s");
        StoredFile first = add(id, "first", bytes(10));
        StoredFile second = add(id, "second", bytes(20));
        StoredFile changed = store.changeFile(ALICE, id, first.id(), "other", null, null);
        assertThat(changed.description()).isEqualTo("other");
        assertThat(changed.tags()).containsExactly("a");
        assertThat(changed.metadata()).isEqualTo(first.metadata());
        changed = store.changeFile(ALICE, id, first.id(), null, List.of("b"), json("{\"a\": 1}"));
        assertThat(changed.description()).isEqualTo("other");
        assertThat(changed.tags()).containsExactly("b");
        assertThat(changed.metadata()).isEqualTo(json("{\"a\": 1}"));
        store.deleteFile(ALICE, id, first.id());
        reopen();
        assertThat(store.files(id)).containsExactly(second);
        assertFails(Reason.UNKNOWN, () -> store.file(id, first.id()));
        assertFails(Reason.UNKNOWN, () -> store.readFile(id, first.id(), OutputStream.nullOutputStream()));
        assertFails(Reason.UNKNOWN, () -> store.changeFile(ALICE, id, first.id(), "x", null, null));
        assertFails(Reason.UNKNOWN, () -> store.deleteFile(ALICE, id, first.id()));
    }

    @Test
    void filesAreForTheirUserAndSession() throws Exception {
        String id = session("s");
        String other = session("other");
        StoredFile file = add(id, "f", bytes(10));
        assertFails(Reason.UNKNOWN, () -> store.file(other, file.id()));
        assertFails(Reason.UNKNOWN, () -> store.readFile(other, file.id(), OutputStream.nullOutputStream()));
        assertFails(Reason.UNKNOWN, () -> store.deleteFile(ALICE, other, file.id()));
        assertFails(Reason.UNKNOWN, () -> store.deleteFile(BOB, id, file.id()));
        assertFails(Reason.UNKNOWN, () -> store.changeFile(BOB, id, file.id(), "x", null, null));
        assertFails(Reason.UNKNOWN, () -> store.addFile(BOB, id, described("f"), InputStream.nullInputStream(), 10));
        store.upsert(ALICE, "w", new Description("s", null, null, null, null, true));
        assertFails(Reason.PROTECTED, () -> add(id, "g", bytes(1)));
        assertFails(Reason.PROTECTED, () -> store.deleteFile(ALICE, id, file.id()));
        assertFails(Reason.PROTECTED, () -> store.changeFile(ALICE, id, file.id(), "x", null, null));
        store.delete(ALICE, id);
        assertFails(Reason.DELETED, () -> add(id, "g", bytes(1)));
        assertThat(store.files(id)).isEmpty();
        assertFails(Reason.UNKNOWN, () -> store.file(id, file.id()));
    }
}
