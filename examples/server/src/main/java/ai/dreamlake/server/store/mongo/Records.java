package ai.dreamlake.server.store.mongo;

import static com.mongodb.client.model.Filters.and;
import static com.mongodb.client.model.Filters.eq;
import static com.mongodb.client.model.Filters.exists;
import static com.mongodb.client.model.Filters.gt;
import static com.mongodb.client.model.Filters.gte;
import static com.mongodb.client.model.Filters.in;
import static com.mongodb.client.model.Filters.lt;
import static com.mongodb.client.model.Filters.lte;
import static com.mongodb.client.model.Filters.not;
import static com.mongodb.client.model.Filters.or;
import static com.mongodb.client.model.Filters.regex;

import ai.dreamlake.server.store.Histogram;
import ai.dreamlake.server.store.Level;
import ai.dreamlake.server.store.LogStore;
import ai.dreamlake.server.store.Metrics;
import ai.dreamlake.server.store.NewRecord;
import ai.dreamlake.server.store.Numbers;
import ai.dreamlake.server.store.Page;
import ai.dreamlake.server.store.RecordFilter;
import ai.dreamlake.server.store.RecordQuery;
import ai.dreamlake.server.store.SeriesPoint;
import ai.dreamlake.server.store.SeriesQuery;
import ai.dreamlake.server.store.StoreException;
import ai.dreamlake.server.store.StoreException.Reason;
import ai.dreamlake.server.store.StoredRecord;
import com.mongodb.MongoBulkWriteException;
import com.mongodb.client.FindIterable;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.Sorts;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongPredicate;
import org.bson.Document;
import org.bson.RawBsonDocument;
import org.bson.codecs.DocumentCodec;
import org.bson.conversions.Bson;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The records, one document each, in {@code logs}.
 *
 * <pre>
 *   {"_id": "9b1c…/0000000000000000041", "sessionId": "9b1c…", "sequenceNumber": 41, "timestamp": …,
 *    "timestampMicros": 123, "level": "info", "message": "Epoch done", "metadata": {"train_loss": 0.234},
 *    "createdAt": …}
 * </pre>
 *
 * <p>A MongoDB date has milliseconds; {@code timestampMicros} has the remaining microseconds, if there are any.
 *
 * <p>Records are found by {@code sessionId} and {@code sequenceNumber}, which may be a shard key. {@code _id} is made
 * from them. So writing a record twice stores it once, whatever indexes the collection has.
 */
final class Records {

    static final List<String> BY_NUMBER = List.of("sessionId", "sequenceNumber");
    static final List<String> BY_TIME = List.of("sessionId", "timestamp", "timestampMicros", "sequenceNumber");

    /** A page ends early if its documents exceed this many bytes. */
    private static final long MAX_PAGE = 4L * 1024 * 1024;

    /** Records deleted at a time. */
    private static final int PIECE = 1000;

    private static final Instant BEFORE_ALL = Instant.parse("-0001-01-01T00:00:00Z");
    private static final Instant AFTER_ALL = Instant.parse("+10000-01-01T00:00:00Z");
    private static final int NUMBER_DIGITS = 19;
    private static final int NUMBERS_AT_A_TIME = 1000;

    private final Database database;
    private final Sessions sessions;
    private final Batches batches;
    private final Clock clock;

    Records(Database database, Sessions sessions, Batches batches, Clock clock) {
        this.database = database;
        this.sessions = sessions;
        this.batches = batches;
        this.clock = clock;
    }

    /** See {@link LogStore#append}. May be cut off at any point and called again. */
    Numbers append(String userId, String id, String key, List<NewRecord> batch) {
        if (batch.isEmpty()) {
            sessions.checkWritable(userId, id);
            return new Numbers(sessions.range(id).next(), 0);
        }
        List<Document> documents = documents(id, batch);
        while (true) {
            Batches.Given given = batches.number(userId, id, key, batch);
            Numbers numbers = given.numbers();
            if (given.isNew() || !isStored(id, numbers)) {
                if (!given.isNew() && numbers.end() <= given.deletedEnd()) {
                    batches.forget(userId, id, key, numbers); // its records were deleted; it was not cut off
                    continue;
                }
                checkCount(numbers, batch);
                store(id, numbers, documents);
            }
            checkCount(numbers, batch);
            return numbers;
        }
    }

    private static void checkCount(Numbers numbers, List<NewRecord> batch) {
        if (numbers.count() != batch.size()) {
            throw new StoreException(
                    Reason.KEY_REUSED,
                    "was used for a batch of " + numbers.count() + " records before, and now for one of "
                            + batch.size());
        }
    }

    /** Documents without the fields that depend on their numbers. */
    private List<Document> documents(String id, List<NewRecord> batch) {
        List<Document> documents = new ArrayList<>(batch.size());
        Date now = Date.from(clock.instant());
        for (NewRecord record : batch) {
            Document document = new Document("_id", null)
                    .append("sessionId", id)
                    .append("sequenceNumber", null)
                    .append("timestamp", Date.from(record.timestamp()));
            int micros = Times.microsOfMilli(record.timestamp());
            if (micros != 0) {
                document.append("timestampMicros", micros);
            }
            documents.add(document.append("level", record.level().text())
                    .append("message", record.message())
                    .append("metadata", record.metadata() == null ? null : database.json.toBson(record.metadata()))
                    .append("createdAt", now));
        }
        return documents;
    }

    /** Records are stored in the order of their numbers, so the last one shows whether all are stored. */
    private boolean isStored(String id, Numbers numbers) {
        return database.records
                        .find(and(eq("sessionId", id), eq("sequenceNumber", numbers.end() - 1)))
                        .projection(Projections.fields(Projections.include(BY_NUMBER), Projections.excludeId()))
                        .first()
                != null;
    }

    /** Stores documents in order. Skips those that an earlier or concurrent attempt has stored. */
    private void store(String id, Numbers numbers, List<Document> documents) {
        for (int i = 0; i < documents.size(); i++) {
            long number = numbers.start() + i;
            documents.get(i).append("_id", recordId(id, number)).append("sequenceNumber", number);
        }
        List<Document> missing = documents;
        while (!missing.isEmpty()) {
            try {
                database.records.insertMany(missing);
                return;
            } catch (MongoBulkWriteException failure) {
                if (!Database.isDuplicate(failure)) {
                    throw failure;
                }
                List<Document> rest =
                        missing.subList(failure.getWriteErrors().get(0).getIndex() + 1, missing.size());
                Set<Long> stored = stored(id, numbers);
                missing = rest.stream()
                        .filter(document -> !stored.contains(document.getLong("sequenceNumber")))
                        .toList();
            }
        }
    }

    private Set<Long> stored(String id, Numbers numbers) {
        Set<Long> stored = new HashSet<>();
        numbers(id, numbers.start(), numbers.end()).forEach(record -> stored.add(number(record)));
        return stored;
    }

    private FindIterable<Document> numbers(String id, long from, long to) {
        return database.records
                .find(and(eq("sessionId", id), gte("sequenceNumber", from), lt("sequenceNumber", to)))
                .sort(Sorts.ascending(BY_NUMBER))
                .projection(Projections.fields(Projections.include(BY_NUMBER), Projections.excludeId()))
                .batchSize(NUMBERS_AT_A_TIME)
                .maxTime(LogStore.MAX_READ.toMillis(), TimeUnit.MILLISECONDS);
    }

    private static long number(Document record) {
        return Sessions.number(record, "sequenceNumber");
    }

    private static String recordId(String id, long number) {
        String digits = Long.toString(number);
        return id + "/" + "0".repeat(NUMBER_DIGITS - digits.length()) + digits;
    }

    /**
     * Visits the numbers of stored records, in order.
     *
     * @param each returns false to stop
     */
    void eachNumber(String id, long from, long to, LongPredicate each) {
        try (var cursor = numbers(id, from, to).cursor()) {
            while (cursor.hasNext() && each.test(number(cursor.next()))) {
                // The loop only drives the cursor.
            }
        }
    }

    /** One past the greatest number of a record that was stored before a time; 0 if there is none. */
    long endBefore(String id, Instant time) {
        Document last = database.records
                .find(and(eq("sessionId", id), lt("createdAt", Date.from(time))))
                .sort(Sorts.descending(BY_NUMBER))
                .projection(Projections.include("sequenceNumber"))
                .limit(1)
                .maxTime(LogStore.MAX_READ.toMillis(), TimeUnit.MILLISECONDS)
                .first();
        return last == null ? 0 : number(last) + 1;
    }

    Page<StoredRecord> find(String id, RecordQuery query) {
        if (sessions.range(id).next() == 0) {
            return new Page<>(List.of(), false); // records of a deleted session may still exist
        }
        List<String> order = query.order() == RecordQuery.Order.TIMESTAMP ? BY_TIME : BY_NUMBER;
        FindIterable<RawBsonDocument> found = database.records
                .withDocumentClass(RawBsonDocument.class)
                .find(filter(id, query.filter()))
                .sort(query.descending() ? Sorts.descending(order) : Sorts.ascending(order))
                .batchSize(MongoStore.AT_A_TIME)
                .maxTime(LogStore.MAX_READ.toMillis(), TimeUnit.MILLISECONDS);
        if (isDecidedByDatabase(query.filter())) {
            return page(
                    found.skip((int) Math.min(Integer.MAX_VALUE, query.offset()))
                            .limit(query.limit() + 1),
                    query,
                    0);
        }
        return page(found, query, query.offset());
    }

    /**
     * The records that were found, without those that do not match after all.
     *
     * @param offset how many matching records still have to be skipped
     */
    private static Page<StoredRecord> page(FindIterable<RawBsonDocument> found, RecordQuery query, long offset) {
        DocumentCodec codec = new DocumentCodec();
        List<StoredRecord> records = new ArrayList<>();
        long size = 0;
        long left = offset;
        Deadline deadline = new Deadline();
        try (var cursor = found.cursor()) {
            while (cursor.hasNext()) {
                deadline.check();
                RawBsonDocument raw = cursor.next();
                StoredRecord record = toRecord(raw.decode(codec));
                if (!fits(record.message(), record.metadata(), query.filter()) || left-- > 0) {
                    continue;
                }
                size += raw.getByteBuffer().remaining();
                if (records.size() == query.limit() || size > MAX_PAGE && !records.isEmpty()) {
                    return new Page<>(records, true);
                }
                records.add(record);
            }
        }
        return new Page<>(records, false);
    }

    /**
     * Otherwise the database also finds records that do not match: it searches only for the beginning of a long text,
     * and compares conditions with a margin.
     */
    private static boolean isDecidedByDatabase(RecordFilter filter) {
        return isWhole(filter) && filter.conditions().isEmpty();
    }

    private static boolean isWhole(RecordFilter filter) {
        return filter.search() == null || SearchPattern.isWhole(filter.search());
    }

    /** Whether a record that the database has found really matches. */
    private static boolean fits(String message, JsonNode metadata, RecordFilter filter) {
        return (isWhole(filter) || SearchPattern.isIn(message, filter.search()))
                && filter.conditions().stream().allMatch(condition -> condition.fits((ObjectNode) metadata));
    }

    /** A time limit for the matching done here; the database has its own limit. */
    private static final class Deadline {

        private final long nanos = System.nanoTime() + LogStore.MAX_READ.toNanos();

        void check() {
            if (System.nanoTime() - nanos > 0) {
                throw Database.tooSlow(null);
            }
        }
    }

    /**
     * Counts here, by reading the time and level of each record: not all MongoDB-compatible databases can count this
     * way.
     */
    Histogram histogram(String id, RecordFilter filter, int most) {
        if (sessions.range(id).next() == 0) {
            return Histogram.EMPTY; // records of a deleted session may still exist
        }
        Instant first = extreme(id, Sorts.ascending(BY_TIME));
        Instant last = extreme(id, Sorts.descending(BY_TIME));
        if (first == null || last == null) {
            return Histogram.EMPTY;
        }
        Instant from = filter.from() == null ? first : Times.ofMicros(Times.microsFrom(filter.from()));
        Instant to = filter.to() == null ? last : Times.ofMicros(Times.micros(filter.to()));
        if (from.isAfter(to)) {
            return Histogram.EMPTY;
        }
        Histogram.Counter counter = new Histogram.Counter(from, to, most);
        Set<String> fields = new LinkedHashSet<>(List.of("timestamp", "timestampMicros", "level"));
        filter.conditions().forEach(condition -> fields.addAll(Conditions.firstSteps(condition.name())));
        if (!isWhole(filter)) {
            fields.add("message");
        }
        FindIterable<Document> found = database.records
                .find(filter(id, filter))
                .projection(Projections.fields(Projections.include(List.copyOf(fields)), Projections.excludeId()))
                .batchSize(NUMBERS_AT_A_TIME)
                .maxTime(LogStore.MAX_READ.toMillis(), TimeUnit.MILLISECONDS);
        Deadline deadline = new Deadline();
        for (Document record : found) {
            deadline.check();
            Instant time = time(record);
            // A record may have been stored since.
            boolean isCounted = !time.isBefore(from) && !time.isAfter(to);
            ObjectNode metadata = Json.toObject(record.get("metadata", Document.class));
            if (isCounted && fits(record.getString("message"), metadata, filter)) {
                counter.add(time, level(record));
            }
        }
        return counter.done();
    }

    /** Null if the session has no record. */
    private Instant extreme(String id, Bson order) {
        Document record = database.records
                .find(eq("sessionId", id))
                .sort(order)
                .projection(Projections.include("timestamp", "timestampMicros"))
                .limit(1)
                .maxTime(LogStore.MAX_READ.toMillis(), TimeUnit.MILLISECONDS)
                .first();
        return record == null ? null : time(record);
    }

    private static Instant time(Document record) {
        return record.getDate("timestamp")
                .toInstant()
                .plus(Sessions.number(record, "timestampMicros"), ChronoUnit.MICROS);
    }

    private static Level level(Document record) {
        return Level.of(record.getString("level")).orElseThrow();
    }

    private static Bson filter(String id, RecordFilter filter) {
        List<Bson> all = new ArrayList<>();
        all.add(eq("sessionId", id));
        if (filter.after() >= 0) {
            all.add(gt("sequenceNumber", filter.after()));
        }
        if (filter.before() < Long.MAX_VALUE) {
            all.add(lt("sequenceNumber", filter.before()));
        }
        if (!filter.levels().isEmpty()) {
            all.add(in("level", filter.levels().stream().map(Level::text).toList()));
        }
        if (filter.from() != null) {
            addFrom(all, inBounds(filter.from()));
        }
        if (filter.to() != null) {
            addTo(all, inBounds(filter.to()));
        }
        if (filter.search() != null && !filter.search().isEmpty()) {
            all.add(regex("message", SearchPattern.of(filter.search())));
        }
        filter.conditions().forEach(condition -> all.add(Conditions.filter(condition)));
        return and(all);
    }

    /** Clamps to the range of a BSON date, which is wider than that of records. */
    private static Instant inBounds(Instant time) {
        return time.isBefore(BEFORE_ALL) ? BEFORE_ALL : time.isAfter(AFTER_ALL) ? AFTER_ALL : time;
    }

    /** Milliseconds come first in the index, so they bound the search. */
    private static void addFrom(List<Bson> all, Instant from) {
        Date millis = Date.from(from);
        // Stored times are whole microseconds. If the limit lies within a microsecond, that one is too early.
        int micros = Times.microsOfMilli(from) + (from.getNano() % 1000 == 0 ? 0 : 1);
        all.add(gte("timestamp", millis));
        if (micros > 0) {
            all.add(or(gt("timestamp", millis), gte("timestampMicros", micros)));
        }
    }

    /** An absent {@code timestampMicros} means 0. */
    private static void addTo(List<Bson> all, Instant to) {
        Date millis = Date.from(to);
        all.add(lte("timestamp", millis));
        all.add(or(lt("timestamp", millis), not(gt("timestampMicros", Times.microsOfMilli(to)))));
    }

    private static StoredRecord toRecord(Document record) {
        return new StoredRecord(
                number(record),
                time(record),
                level(record),
                record.getString("message"),
                Json.toObject(record.get("metadata", Document.class)),
                record.getDate("createdAt").toInstant());
    }

    /**
     * Reads the entries that the names may mean, and decides here: a name may be that of an entry, or a path through
     * nested ones.
     */
    void series(String id, SeriesQuery query, Consumer<SeriesPoint> each) {
        if (sessions.range(id).next() == 0) {
            return; // records of a deleted session may still exist
        }
        List<String> values = Conditions.firstSteps(query.name());
        Set<String> fields = new LinkedHashSet<>(List.of("sequenceNumber", "timestamp", "timestampMicros"));
        fields.addAll(values);
        if (query.x() != null) {
            fields.addAll(Conditions.firstSteps(query.x()));
        }
        FindIterable<Document> found = database.records
                .find(and(
                        eq("sessionId", id),
                        gt("sequenceNumber", query.after()),
                        lt("sequenceNumber", query.before()),
                        or(values.stream().map(value -> exists(value)).toList())))
                .sort(Sorts.ascending(BY_NUMBER))
                .projection(Projections.fields(Projections.include(List.copyOf(fields)), Projections.excludeId()))
                .batchSize(NUMBERS_AT_A_TIME)
                .maxTime(LogStore.MAX_READ.toMillis(), TimeUnit.MILLISECONDS);
        for (Document record : found) {
            ObjectNode metadata = Json.toObject(record.get("metadata", Document.class));
            OptionalDouble value = Metrics.find(metadata, query.name());
            if (value.isPresent()) {
                double x = query.x() == null
                        ? Double.NaN
                        : Metrics.find(metadata, query.x()).orElse(Double.NaN);
                each.accept(new SeriesPoint(number(record), time(record), x, value.getAsDouble()));
            }
        }
    }

    /** Deletes a piece of a session's records. Returns false if there were none. */
    boolean deletePiece(String id) {
        Document last = null;
        for (Document record : numbers(id, 0, Long.MAX_VALUE).limit(PIECE)) {
            last = record;
        }
        if (last == null) {
            return false;
        }
        database.records.deleteMany(and(eq("sessionId", id), lte("sequenceNumber", number(last))));
        return true;
    }

    /** See {@link LogStore#deleteOlderThan}. */
    int deleteOlderThan(Instant time, int atMost) {
        int deleted = 0;
        while (deleted < atMost) {
            Map<String, List<Long>> oldest = new HashMap<>();
            database.records
                    .find(lt("createdAt", Date.from(time)))
                    .sort(Sorts.ascending("createdAt"))
                    .projection(Projections.include(BY_NUMBER))
                    .limit(Math.min(PIECE, atMost - deleted))
                    .maxTime(LogStore.MAX_READ.toMillis(), TimeUnit.MILLISECONDS)
                    .forEach(record -> oldest.computeIfAbsent(record.getString("sessionId"), any -> new ArrayList<>())
                            .add(number(record)));
            if (oldest.isEmpty()) {
                break;
            }
            for (Map.Entry<String, List<Long>> session : oldest.entrySet()) {
                deleted += delete(session.getKey(), session.getValue());
            }
        }
        return deleted;
    }

    private int delete(String id, List<Long> numbers) {
        long count = database.records
                .deleteMany(and(eq("sessionId", id), in("sequenceNumber", numbers)))
                .getDeletedCount();
        long last = numbers.stream().mapToLong(Long::longValue).max().orElseThrow();
        sessions.countDeleted(id, count, last + 1);
        return (int) count;
    }
}
