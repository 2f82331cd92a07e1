package ai.dreamlake.server.store.mongo;

import static com.mongodb.client.model.Filters.and;
import static com.mongodb.client.model.Filters.eq;
import static com.mongodb.client.model.Filters.exists;
import static com.mongodb.client.model.Filters.in;
import static com.mongodb.client.model.Filters.lt;
import static com.mongodb.client.model.Filters.nor;

import ai.dreamlake.server.store.Level;
import ai.dreamlake.server.store.Metrics;
import ai.dreamlake.server.store.NewRecord;
import ai.dreamlake.server.store.Numbers;
import ai.dreamlake.server.store.StoreException;
import com.mongodb.MongoBulkWriteException;
import com.mongodb.client.model.InsertManyOptions;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.Sorts;
import com.mongodb.client.model.Updates;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.bson.Document;
import org.bson.conversions.Bson;

/**
 * Gives batches their numbers: each batch gets them once, whoever asks and however often.
 *
 * <p>A session's document has the next number and the newest batches with their keys. One write changes both. So the
 * numbers of each of these batches follow from counting back from the next number. That holds even if the server died
 * before it stored the batch.
 *
 * <p>When the document has a hundred batches, it accepts no more until the older half has been copied to the collection
 * {@code batches} and removed from the document:
 *
 * <pre>
 *   {"_id": "9b1c…/a3…", "sessionId": "9b1c…", "startSequence": 0, "count": 40, "createdAt": …}
 * </pre>
 *
 * <p>A session's {@code moves} counts how often that was done. A key is looked up in the collection first, and then in
 * the session's document. If it was moved in between, {@code moves} has changed, and the lookup starts again.
 */
final class Batches {

    static final int MAX_IN_SESSION = 100;

    /** Keys deleted at a time. */
    private static final int PIECE = 1000;

    /** Other clients may change the session all the time. An attempt fails only if another client succeeded. */
    private static final int ATTEMPTS = 1000;

    /** Prefix of the keys of batches that will not be sent again. No client's key begins with it. */
    private static final String ONCE = "\n";

    private static final Bson BEFORE =
            Projections.include("userId", "deleted", "writeProtected", "moves", "metrics", "deletedEnd");
    private static final Bson WITH_BATCHES =
            Projections.include("userId", "deleted", "writeProtected", "moves", "nextSequenceNumber", "batches");
    private static final Bson AFTER = Projections.include("nextSequenceNumber");

    private final Database database;
    private final Sessions sessions;
    private final Clock clock;

    Batches(Database database, Sessions sessions, Clock clock) {
        this.database = database;
        this.sessions = sessions;
        this.clock = clock;
    }

    /**
     * The numbers of a batch.
     *
     * @param isNew whether this call assigned them
     * @param deletedEnd one past the last number of a record that retention has deleted
     */
    record Given(Numbers numbers, boolean isNew, long deletedEnd) {}

    /**
     * Gives a batch its numbers. A batch whose key was seen before gets the same ones again, any other gets the next
     * ones.
     *
     * @param key null for none
     * @throws StoreException UNKNOWN, DELETED, PROTECTED
     */
    Given number(String userId, String id, String key, List<NewRecord> batch) {
        String name = key == null ? ONCE + UUID.randomUUID() : key;
        for (int i = 0; i < ATTEMPTS; i++) {
            Document before = sessions.document(userId, id, BEFORE);
            long deletedEnd = Sessions.number(before, "deletedEnd");
            Object moves = before.get("moves");
            boolean haveBeenMoved =
                    !Long.valueOf(0).equals(moves); // null: written by the previous version of this server
            Numbers moved = key != null && haveBeenMoved ? moved(id, key) : null;
            if (moved != null) {
                return new Given(moved, false, deletedEnd);
            }
            Document after = before.getBoolean("writeProtected")
                    ? null
                    : database.change(() -> database.sessions.findOneAndUpdate(
                            and(
                                    eq("_id", id),
                                    eq("deleted", false),
                                    eq("writeProtected", false),
                                    eq("moves", moves),
                                    nor(eq("batches.key", name)),
                                    exists("batches." + (MAX_IN_SESSION - 1), false)),
                            countingIn(name, batch, Sessions.metrics(before)),
                            database.after(false, AFTER)));
            if (after != null) {
                long start = Sessions.number(after, "nextSequenceNumber") - batch.size();
                return new Given(new Numbers(start, batch.size()), true, deletedEnd);
            }
            Document session = sessions.document(userId, id, WITH_BATCHES);
            List<Document> batches = withNumbers(session);
            int place = place(name, batches);
            if (place >= 0) {
                return new Given(numbers(batches.get(place)), false, deletedEnd);
            }
            if (Objects.equals(session.get("moves"), moves)) {
                Sessions.checkWritable(session); // only now: a batch that was stored before is answered anyway
            }
            if (batches.size() >= MAX_IN_SESSION) {
                moveOldest(id, session, batches);
            }
        }
        throw StoreException.unavailable(new IllegalStateException("the session changes too often"));
    }

    /** Frees a key for a new batch. The numbers of the old one stay assigned. */
    void forget(String userId, String id, String key, Numbers old) {
        database.batches.deleteOne(
                and(eq("_id", id + "/" + key), eq("sessionId", id), eq("startSequence", old.start())));
        List<Document> batches = withNumbers(sessions.document(userId, id, WITH_BATCHES));
        int place = place(key, batches);
        if (place >= 0 && numbers(batches.get(place)).equals(old)) {
            String field = "batches." + place + ".key";
            database.change(() -> database.sessions.updateOne(
                    and(eq("_id", id), eq(field, key)), Updates.set(field, ONCE + UUID.randomUUID())));
        }
    }

    private static int place(String key, List<Document> batches) {
        for (int i = 0; i < batches.size(); i++) {
            if (batches.get(i).getString("key").equals(key)) {
                return i;
            }
        }
        return -1;
    }

    private Numbers moved(String id, String key) {
        Document known = database.batches
                .find(and(eq("_id", id + "/" + key), eq("sessionId", id)))
                .first();
        return known == null ? null : numbers(known);
    }

    private static Numbers numbers(Document batch) {
        return new Numbers(Sessions.number(batch, "startSequence"), (int) Sessions.number(batch, "count"));
    }

    private Bson countingIn(String key, List<NewRecord> batch, Map<String, Double> known) {
        List<Bson> updates = new ArrayList<>();
        updates.add(Updates.inc("nextSequenceNumber", (long) batch.size()));
        updates.add(Updates.inc("logCount", (long) batch.size()));
        for (Level level : Level.values()) {
            long count =
                    batch.stream().filter(record -> record.level() == level).count();
            if (count > 0) {
                updates.add(Updates.inc("levelCounts." + level.text(), count));
            }
        }
        Instant first =
                batch.stream().map(NewRecord::timestamp).min(Instant::compareTo).orElseThrow();
        Instant last =
                batch.stream().map(NewRecord::timestamp).max(Instant::compareTo).orElseThrow();
        updates.add(Updates.min("firstLogAt", Date.from(first)));
        updates.add(Updates.min("firstLogMicros", Times.micros(first)));
        updates.add(Updates.max("lastLogAt", Date.from(last)));
        updates.add(Updates.max("lastLogMicros", Times.micros(last)));
        metrics(batch, known)
                .forEach((name, value) -> updates.add(Updates.set(
                        "metrics." + Json.escaped(name), Double.isFinite(value) ? (Object) value : value.toString())));
        Document entry =
                new Document("key", key).append("count", batch.size()).append("at", Date.from(clock.instant()));
        updates.add(Updates.push("batches", entry));
        return Updates.combine(updates);
    }

    /** The newest values in a batch, for the names that are kept. */
    private static Map<String, Double> metrics(List<NewRecord> batch, Map<String, Double> known) {
        Map<String, Double> all = new LinkedHashMap<>(known);
        Set<String> names = new HashSet<>();
        for (NewRecord record : batch) {
            if (record.metadata() != null) {
                Map<String, Double> newer = Metrics.of(record.metadata());
                Metrics.add(all, newer);
                names.addAll(newer.keySet());
            }
        }
        all.keySet().retainAll(names);
        return all;
    }

    /** The batches in a session's document, each with its first number. */
    private static List<Document> withNumbers(Document session) {
        List<Document> batches = new ArrayList<>(session.getList("batches", Document.class, List.of()));
        long start = Sessions.number(session, "nextSequenceNumber");
        for (int i = batches.size() - 1; i >= 0; i--) {
            start -= Sessions.number(batches.get(i), "count");
            batches.set(i, new Document(batches.get(i)).append("startSequence", start));
        }
        return batches;
    }

    /** May be cut off at any point, and may run several times at once. */
    private void moveOldest(String id, Document session, List<Document> batches) {
        List<Document> oldest = batches.subList(0, MAX_IN_SESSION / 2);
        List<Document> copies = new ArrayList<>();
        for (Document batch : oldest) {
            if (!batch.getString("key").startsWith(ONCE)) {
                copies.add(new Document("_id", id + "/" + batch.getString("key"))
                        .append("sessionId", id)
                        .append("startSequence", batch.get("startSequence"))
                        .append("count", batch.get("count"))
                        .append("createdAt", batch.get("at")));
            }
        }
        if (!copies.isEmpty()) {
            insertIfAbsent(copies);
        }
        List<Document> asTheyAre = session.getList("batches", Document.class).subList(0, oldest.size());
        database.change(() -> database.sessions.updateOne(
                and(eq("_id", id), eq("batches.key", oldest.get(0).getString("key"))),
                Updates.combine(Updates.pullAll("batches", asTheyAre), Updates.inc("moves", 1L))));
    }

    private void insertIfAbsent(List<Document> documents) {
        try {
            database.batches.insertMany(documents, new InsertManyOptions().ordered(false));
        } catch (MongoBulkWriteException failure) {
            if (!Database.isDuplicate(failure)) {
                throw failure;
            }
        }
    }

    /** Deletes some of a session's keys. Returns false if there were none. */
    boolean deletePiece(String id) {
        List<String> ids = new ArrayList<>();
        database.batches
                .find(eq("sessionId", id))
                .projection(Projections.include("_id"))
                .limit(PIECE)
                .forEach(batch -> ids.add(batch.getString("_id")));
        return !ids.isEmpty()
                && database.batches
                                .deleteMany(and(eq("sessionId", id), in("_id", ids)))
                                .getDeletedCount()
                        > 0;
    }

    /** Deletes old keys that were moved out of their sessions. */
    void deleteOlderThan(Instant time, int atMost) {
        Set<String> ids = new HashSet<>();
        Set<String> sessionIds = new HashSet<>();
        for (Document batch : database.batches
                .find(lt("createdAt", Date.from(time)))
                .sort(Sorts.ascending("createdAt"))
                .projection(Projections.include("sessionId"))
                .limit(atMost)) {
            ids.add(batch.getString("_id"));
            sessionIds.add(batch.getString("sessionId"));
        }
        if (!ids.isEmpty()) {
            database.batches.deleteMany(and(in("sessionId", sessionIds), in("_id", ids)));
        }
    }
}
