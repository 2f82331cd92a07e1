package ai.dreamlake.server;

import static com.mongodb.client.model.Filters.and;
import static com.mongodb.client.model.Filters.eq;
import static com.mongodb.client.model.Filters.ne;

import com.mongodb.DuplicateKeyException;
import com.mongodb.ErrorCategory;
import com.mongodb.MongoCommandException;
import com.mongodb.MongoException;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.FindOneAndUpdateOptions;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Indexes;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.PushOptions;
import com.mongodb.client.model.ReturnDocument;
import com.mongodb.client.model.Sorts;
import com.mongodb.client.model.Updates;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.UUID;
import org.bson.Document;
import org.bson.conversions.Bson;
import org.bson.types.ObjectId;

/**
 * The sessions, one document each.
 *
 * <pre>
 *   {"_id": "65f…", "path": "3159282601/project/run", "userId": …, "workspace": …, "name": …,
 *    "description": …, "tags": […], "folder": …, "metadata": {…}, "writeProtected": false, "deleted": false,
 *    "nextSequenceNumber": 42, "logCount": 42, "levelCounts": {"info": 40, "warn": 2}, "firstLogAt": …, "lastLogAt": …,
 *    "batches": [{"key": "a3…", "count": 40}, {"key": "7f…", "count": 2}], "createdAt": …, "updatedAt": …}
 * </pre>
 *
 * <p>{@code batches} are the last ones that were given numbers, the newest one last. They stand in the same document as
 * the next number and change with it, in one write. So which numbers a batch has can always be told, also if the server
 * ended before it stored the batch.
 */
final class Sessions {

    private static final int BATCHES = 100;
    private static final int MOST_LISTED = 1000;
    private static final int AT_A_TIME = 20;

    /** No header can have it. */
    private static final String ONCE = "\n";

    private final MongoCollection<Document> sessions;

    Sessions(MongoDatabase database) {
        this.sessions = database.getCollection("sessions");
        sessions.createIndex(Indexes.ascending("path"), new IndexOptions().unique(true));
        sessions.createIndex(Indexes.ascending("userId", "lastLogAt"));
    }

    /**
     * A session as it is after the upsert.
     *
     * @param isNew whether there was none
     */
    record Upserted(Document session, boolean isNew) {}

    /** Makes a session, or changes what is given of its description. */
    Upserted upsert(User user, String workspace, Document given) {
        String id = new ObjectId().toHexString();
        Date now = new Date();
        List<Bson> updates = new ArrayList<>();
        given.forEach((field, value) -> updates.add(Updates.set(field, value)));
        updates.add(Updates.set("updatedAt", now));
        Document unset = new Document("_id", id)
                .append("userId", user.id())
                .append("workspace", workspace)
                .append("deleted", false)
                .append("nextSequenceNumber", 0L)
                .append("logCount", 0L)
                .append("createdAt", now);
        if (!given.containsKey("writeProtected")) {
            unset.append("writeProtected", false);
        }
        unset.forEach((field, value) -> updates.add(Updates.setOnInsert(field, value)));
        Bson named = eq("path", path(user, workspace, given.getString("name")));
        FindOneAndUpdateOptions upsert =
                new FindOneAndUpdateOptions().upsert(true).returnDocument(ReturnDocument.AFTER);
        Document session;
        try {
            session = sessions.findOneAndUpdate(named, Updates.combine(updates), upsert);
        } catch (MongoException failure) {
            if (!isDuplicate(failure)) {
                throw failure;
            }
            session = sessions.findOneAndUpdate(named, Updates.combine(updates), upsert); // another client was quicker
        }
        return new Upserted(session, session.getString("_id").equals(id));
    }

    static boolean isDuplicate(MongoException failure) {
        return failure instanceof DuplicateKeyException
                || failure instanceof MongoCommandException
                        && ErrorCategory.fromErrorCode(failure.getCode()) == ErrorCategory.DUPLICATE_KEY;
    }

    /** Neither a user's id nor a workspace tells where it ends, so their lengths do. */
    private static String path(User user, String workspace, String name) {
        return user.id().length() + ":" + user.id() + "/" + workspace.length() + ":" + workspace + "/" + name;
    }

    /** @throws ApiException 404 if the user has no such session, 410 if it was deleted */
    Document get(User user, String id) {
        Document session = find(user, id);
        if (session.getBoolean("deleted")) {
            throw new ApiException(410, "the session was deleted");
        }
        return session;
    }

    private Document find(User user, String id) {
        Document session = sessions.find(eq("_id", id)).first();
        if (session == null || !session.getString("userId").equals(user.id())) {
            throw new ApiException(404, "no session has this id");
        }
        return session;
    }

    /** Those of a user, the one with the newest record first. */
    List<Document> list(User user) {
        return sessions.find(and(eq("userId", user.id()), eq("deleted", false)))
                .sort(Sorts.descending("lastLogAt"))
                .projection(Projections.exclude("batches"))
                .limit(MOST_LISTED)
                .batchSize(AT_A_TIME)
                .into(new ArrayList<>());
    }

    /** Its id is known from now on as that of a deleted session; its name is free. */
    void delete(User user, String id) {
        find(user, id); // deleted already or not: the last attempt may have ended half-way
        sessions.updateOne(
                eq("_id", id), Updates.combine(Updates.set("deleted", true), Updates.set("path", "deleted/" + id)));
    }

    /**
     * Gives a batch its numbers: those that it got before if its key was seen, else the next ones.
     *
     * @param memory where a batch goes before it is forgotten here
     * @throws ApiException 403 if the session is write-protected, or 404 or 410
     */
    Numbers reserve(User user, String id, String key, List<NewRecord> batch, Memory memory) {
        while (true) {
            Document before = get(user, id);
            if (before.getBoolean("writeProtected")) {
                throw new ApiException(403, "the session is write-protected");
            }
            Document after = sessions.findOneAndUpdate(
                    and(eq("_id", id), eq("deleted", false), eq("writeProtected", false), ne("batches.key", key)),
                    countingIn(key, batch),
                    new FindOneAndUpdateOptions().returnDocument(ReturnDocument.AFTER));
            if (after != null) {
                rememberOldest(id, after, memory);
                return new Numbers(after.getLong("nextSequenceNumber") - batch.size(), batch.size());
            }
            Numbers given = numbersOf(key, get(user, id));
            if (given != null) {
                return given;
            }
        }
    }

    /** For batches that are not among the last ones any more. */
    interface Memory {
        Numbers remember(String session, String key, Numbers numbers);
    }

    /** The key of a batch that will not come again. */
    static String newKey() {
        return ONCE + UUID.randomUUID();
    }

    private static void rememberOldest(String id, Document session, Memory memory) {
        List<Document> batches = session.getList("batches", Document.class);
        String oldest = batches.get(0).getString("key");
        if (batches.size() == BATCHES && !oldest.startsWith(ONCE)) {
            memory.remember(id, oldest, numbersOf(oldest, session));
        }
    }

    private static Bson countingIn(String key, List<NewRecord> batch) {
        List<Bson> updates = new ArrayList<>();
        updates.add(Updates.inc("nextSequenceNumber", (long) batch.size()));
        updates.add(Updates.inc("logCount", (long) batch.size()));
        for (String level : RequestBody.LEVELS) {
            long count = batch.stream()
                    .filter(record -> record.level().equals(level))
                    .count();
            if (count > 0) {
                updates.add(Updates.inc("levelCounts." + level, count));
            }
        }
        updates.add(Updates.min(
                "firstLogAt",
                Date.from(batch.stream()
                        .map(NewRecord::timestamp)
                        .min(java.time.Instant::compareTo)
                        .orElseThrow())));
        updates.add(Updates.max(
                "lastLogAt",
                Date.from(batch.stream()
                        .map(NewRecord::timestamp)
                        .max(java.time.Instant::compareTo)
                        .orElseThrow())));
        Document entry = new Document("key", key).append("count", batch.size());
        updates.add(Updates.pushEach("batches", List.of(entry), new PushOptions().slice(-BATCHES)));
        return Updates.combine(updates);
    }

    /** Counts back from the next number. Null if the key is not among the last ones. */
    private static Numbers numbersOf(String key, Document session) {
        long start = session.getLong("nextSequenceNumber");
        List<Document> batches = session.getList("batches", Document.class, List.of());
        for (int i = batches.size() - 1; i >= 0; i--) {
            int count = batches.get(i).getInteger("count");
            start -= count;
            if (batches.get(i).getString("key").equals(key)) {
                return new Numbers(start, count);
            }
        }
        return null;
    }
}
