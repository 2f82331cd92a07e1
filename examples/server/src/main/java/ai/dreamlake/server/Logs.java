package ai.dreamlake.server;

import static com.mongodb.client.model.Filters.eq;
import static com.mongodb.client.model.Filters.in;

import com.mongodb.ErrorCategory;
import com.mongodb.MongoBulkWriteException;
import com.mongodb.MongoException;
import com.mongodb.client.FindIterable;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Indexes;
import com.mongodb.client.model.InsertManyOptions;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.Sorts;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.bson.Document;
import org.bson.conversions.Bson;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The records, one document each, in {@code logs}.
 *
 * <pre>
 *   {"_id": "65f…/0000000000000000041", "sessionId": "65f…", "sequenceNumber": 41, "timestamp": …, "timestampMicros": 123,
 *    "level": "info", "message": "Epoch done", "metadata": {"train_loss": 0.234}, "createdAt": …}
 * </pre>
 *
 * <p>A date of MongoDB's has milliseconds; {@code timestampMicros} are the microseconds beyond, if there are any.
 *
 * <p>{@code batches} has for each {@code Idempotency-Key} which numbers its batch was given, for ever.
 */
final class Logs {

    /** An answer ends early rather than become larger; it says that there is more. */
    private static final long LARGEST_ANSWER = 4 * 1024 * 1024;

    /** What the driver fetches at a time: that many of the largest records fit into one message of MongoDB's. */
    private static final int AT_A_TIME = 20;

    private static final int MICROS_IN_MILLI = 1000;
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

    private final Sessions sessions;
    private final MongoCollection<Document> logs;
    private final MongoCollection<Document> batches;

    Logs(MongoDatabase database, Sessions sessions) {
        this.sessions = sessions;
        this.logs = database.getCollection("logs");
        this.batches = database.getCollection("batches");
        logs.createIndex(Indexes.ascending("sessionId", "sequenceNumber"), new IndexOptions().unique(true));
        logs.createIndex(Indexes.ascending("sessionId", "timestamp"));
        logs.createIndex(Indexes.ascending("sessionId", "level"));
        logs.createIndex(Indexes.ascending("sessionId", "createdAt"));
        batches.createIndex(Indexes.ascending("sessionId"));
    }

    /**
     * Stores a batch, once however often it comes under its key. May end at any point, and be called again.
     *
     * @param key null if the client has none: then each call is a batch of its own
     * @throws ApiException 400 if the key came with another number of records before, 403, 404 or 410
     */
    Numbers append(User user, String session, String key, List<NewRecord> batch) {
        Numbers numbers = key == null ? null : numbersOf(session, key);
        boolean isNew = numbers == null;
        if (isNew) {
            numbers = sessions.reserve(user, session, key == null ? Sessions.newKey() : key, batch, this::remember);
            if (key != null) {
                numbers = remember(session, key, numbers);
            }
        }
        if (numbers.count() != batch.size()) {
            throw ApiException.badRequest(
                    "Idempotency-Key",
                    "came with " + numbers.count() + " records before, and now with " + batch.size());
        }
        if (isNew || !areStored(session, numbers)) {
            store(session, numbers, batch);
        }
        return numbers;
    }

    private Numbers numbersOf(String session, String key) {
        Document known = batches.find(eq("_id", session + "/" + key)).first();
        return known == null ? null : new Numbers(known.getLong("startSequence"), known.getInteger("count"));
    }

    /** Returns the numbers that count: another attempt may have been quicker. */
    private Numbers remember(String session, String key, Numbers numbers) {
        try {
            batches.insertOne(new Document("_id", session + "/" + key)
                    .append("sessionId", session)
                    .append("startSequence", numbers.start())
                    .append("count", numbers.count()));
            return numbers;
        } catch (MongoException failure) {
            if (ErrorCategory.fromErrorCode(failure.getCode()) != ErrorCategory.DUPLICATE_KEY) {
                throw failure;
            }
            return numbersOf(session, key);
        }
    }

    private boolean areStored(String session, Numbers numbers) {
        Set<String> missing = new HashSet<>(numbers.ids(session));
        FindIterable<Document> found =
                logs.find(in("_id", List.copyOf(missing))).projection(Projections.include("_id"));
        for (Document record : found.batchSize(AT_A_TIME)) {
            missing.remove(record.getString("_id"));
        }
        return missing.isEmpty();
    }

    private void store(String session, Numbers numbers, List<NewRecord> batch) {
        List<Document> documents = new ArrayList<>(batch.size());
        Date now = new Date();
        for (NewRecord record : batch) {
            documents.add(document(session, numbers.start() + documents.size(), record, now));
        }
        try {
            logs.insertMany(documents, new InsertManyOptions().ordered(false));
        } catch (MongoBulkWriteException failure) {
            boolean areThere = failure.getWriteConcernError() == null
                    && failure.getWriteErrors().stream()
                            .allMatch(error -> error.getCategory() == ErrorCategory.DUPLICATE_KEY);
            if (!areThere) {
                throw failure;
            }
        }
    }

    private static Document document(String session, long number, NewRecord record, Date now) {
        Document document = new Document("_id", Numbers.id(session, number))
                .append("sessionId", session)
                .append("sequenceNumber", number)
                .append("timestamp", Date.from(record.timestamp()));
        int micros = record.timestamp().getNano() / MICROS_IN_MILLI % MICROS_IN_MILLI;
        if (micros != 0) {
            document.append("timestampMicros", micros);
        }
        return document.append("level", record.level())
                .append("message", record.message())
                .append("metadata", record.metadata())
                .append("createdAt", now);
    }

    /**
     * Some records.
     *
     * @param hasMore whether there are more behind them
     */
    record Page(List<ObjectNode> records, boolean hasMore) {}

    Page find(Document session, LogQuery query) {
        String id = session.getString("_id");
        boolean isAll = query.filters().isEmpty() && !query.byTimestamp();
        if (isAll) {
            Numbers wanted = wanted(session.getLong("nextSequenceNumber"), query);
            boolean hasMore =
                    query.descending() ? wanted.start() > 0 : wanted.end() < session.getLong("nextSequenceNumber");
            Page page = page(logs.find(in("_id", wanted.ids(id))), query, hasMore);
            if (page.records().size() == wanted.count() || page.hasMore() && !hasMore) {
                return page;
            }
            // Some numbers were given away, and their records are not there yet, or never will be.
        }
        return page(
                logs.find(query.filter(id))
                        .allowDiskUse(true)
                        .skip(query.offset())
                        .limit(query.limit() + 1),
                query,
                false);
    }

    /** Which numbers a query asks for that has no filter. */
    private static Numbers wanted(long end, LogQuery query) {
        long from =
                query.descending() ? Math.max(0, end - query.offset() - query.limit()) : Math.min(end, query.offset());
        long to = query.descending() ? Math.max(0, end - query.offset()) : Math.min(end, from + query.limit());
        return new Numbers(from, (int) (to - from));
    }

    private static Page page(FindIterable<Document> found, LogQuery query, boolean hasMore) {
        String[] fields = query.byTimestamp()
                ? new String[] {"timestamp", "timestampMicros", "sequenceNumber"}
                : new String[] {"_id"}; // which sorts as the numbers do
        Bson order = query.descending() ? Sorts.descending(fields) : Sorts.ascending(fields);
        List<ObjectNode> records = new ArrayList<>();
        long size = 0;
        for (Document record : found.sort(order).batchSize(AT_A_TIME)) {
            ObjectNode json = json(record);
            size += json.toString().length();
            if (records.size() == query.limit() || size > LARGEST_ANSWER && !records.isEmpty()) {
                return new Page(records, true);
            }
            records.add(json);
        }
        return new Page(records, hasMore);
    }

    /** Those of some numbers that are stored yet, in their order; not all of them where they are large. */
    Page withNumbers(String session, Numbers wanted) {
        return page(logs.find(in("_id", wanted.ids(session))), LogQuery.of(wanted), false);
    }

    void delete(String session) {
        logs.deleteMany(eq("sessionId", session));
        batches.deleteMany(eq("sessionId", session));
    }

    private static ObjectNode json(Document record) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        Instant time = record.getDate("timestamp")
                .toInstant()
                .plus(record.getInteger("timestampMicros", 0), ChronoUnit.MICROS);
        json.put("timestamp", TIME.format(time));
        json.put("level", record.getString("level"));
        json.put("message", record.getString("message"));
        json.set("metadata", Metadata.toJson(record.get("metadata")));
        json.put("sequenceNumber", record.getLong("sequenceNumber"));
        json.put("createdAt", record.getDate("createdAt").toInstant().toString());
        return json;
    }
}
