package ai.dreamlake.server.store.mongo;

import static com.mongodb.client.model.Filters.and;
import static com.mongodb.client.model.Filters.eq;

import ai.dreamlake.server.store.Description;
import ai.dreamlake.server.store.Level;
import ai.dreamlake.server.store.ListedMetadata;
import ai.dreamlake.server.store.LogStore;
import ai.dreamlake.server.store.LogStore.Upserted;
import ai.dreamlake.server.store.Session;
import ai.dreamlake.server.store.StoreException;
import ai.dreamlake.server.store.StoreException.Reason;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.Sorts;
import com.mongodb.client.model.Updates;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.bson.Document;
import org.bson.conversions.Bson;

/**
 * The sessions, one document each.
 *
 * <pre>
 *   {"_id": "9b1c…", "path": "10:3159282601/7:project/run", "userId": …, "workspace": …, "name": …,
 *    "description": …, "tags": […], "folder": …, "metadata": {…}, "writeProtected": false, "deleted": false,
 *    "nextSequenceNumber": 42, "logCount": 42, "levelCounts": {"info": 40, "warn": 2}, "metrics": {"loss": 0.5},
 *    "firstLogAt": …, "firstLogMicros": …, "lastLogAt": …, "lastLogMicros": …,
 *    "batches": [{"key": "a3…", "count": 40, "at": …}, {"key": "7f…", "count": 2, "at": …}], "moves": 0,
 *    "createdAt": …, "updatedAt": …}
 * </pre>
 *
 * <p>A MongoDB date has milliseconds; {@code …Micros} are the same times in microseconds since 1970. For
 * {@code batches} and {@code moves} see {@link Batches}. After retention has deleted records, {@code deletedEnd} is one
 * past the last number of theirs.
 *
 * <p>Of a deleted session, only what marks it as deleted remains, and {@code deletedAt} while some of its contents may
 * remain.
 */
final class Sessions {

    private static final int MAX_LISTED = 1000;
    private static final int ID_BYTES = 16;
    private static final int MAX_PATH = 900;
    private static final long MICROS_IN_MILLI = 1000;

    /** All fields except the large one that is needed only to number batches. */
    private static final Bson WITHOUT_BATCHES = Projections.exclude("batches");

    private final SecureRandom random = new SecureRandom();
    private final Database database;
    private final Clock clock;

    Sessions(Database database, Clock clock) {
        this.database = database;
        this.clock = clock;
    }

    Upserted upsert(String userId, String workspace, Description given) {
        String id = newId();
        Date now = Date.from(clock.instant());
        List<Bson> updates = new ArrayList<>();
        updates.add(Updates.set("name", given.name()));
        addIfGiven(updates, "description", given.description());
        addIfGiven(updates, "tags", given.tags());
        addIfGiven(updates, "folder", given.folder());
        addIfGiven(updates, "metadata", given.metadata() == null ? null : database.json.toBson(given.metadata()));
        addIfGiven(updates, "writeProtected", given.writeProtected());
        updates.add(Updates.set("updatedAt", now));
        Document first = new Document("_id", id)
                .append("userId", userId)
                .append("workspace", workspace)
                .append("deleted", false)
                .append("nextSequenceNumber", 0L)
                .append("logCount", 0L)
                .append("batches", List.of())
                .append("moves", 0L)
                .append("createdAt", now);
        if (given.writeProtected() == null) {
            first.append("writeProtected", false);
        }
        first.forEach((field, value) -> updates.add(Updates.setOnInsert(field, value)));
        Document session = database.upsert(() -> database.sessions.findOneAndUpdate(
                eq("path", path(userId, workspace, given.name())),
                Updates.combine(updates),
                database.after(true, WITHOUT_BATCHES)));
        return new Upserted(toSession(session), session.getString("_id").equals(id));
    }

    static void addIfGiven(List<Bson> updates, String field, Object value) {
        if (value != null) {
            updates.add(Updates.set(field, value));
        }
    }

    private String newId() {
        byte[] id = new byte[ID_BYTES];
        random.nextBytes(id);
        return HexFormat.of().formatHex(id);
    }

    /**
     * Prefixes the user's id and the workspace with their lengths, because they may contain any character and could not
     * be told apart otherwise. Long paths are hashed, because some databases limit the size of index entries.
     */
    private static String path(String userId, String workspace, String name) {
        String path = userId.length() + ":" + userId + "/" + workspace.length() + ":" + workspace + "/" + name;
        byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
        return bytes.length <= MAX_PATH ? path : "sha256/" + HexFormat.of().formatHex(sha256().digest(bytes));
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new AssertionError(impossible); // every Java has SHA-256
        }
    }

    /** @throws StoreException UNKNOWN, DELETED */
    Session get(String userId, String id) {
        return toSession(document(userId, id, WITHOUT_BATCHES));
    }

    /**
     * Some fields of a session.
     *
     * @param fields must include userId and deleted
     * @throws StoreException UNKNOWN, DELETED
     */
    Document document(String userId, String id, Bson fields) {
        Document session =
                database.sessions.find(eq("_id", id)).projection(fields).first();
        if (session == null || !session.getString("userId").equals(userId)) {
            throw new StoreException(Reason.UNKNOWN, "no session has this id");
        }
        if (session.getBoolean("deleted")) {
            throw new StoreException(Reason.DELETED, "the session was deleted");
        }
        return session;
    }

    /** @throws StoreException UNKNOWN, DELETED, PROTECTED */
    void checkWritable(String userId, String id) {
        checkWritable(document(userId, id, Projections.include("userId", "deleted", "writeProtected")));
    }

    static void checkWritable(Document session) {
        if (session.getBoolean("writeProtected")) {
            throw new StoreException(Reason.PROTECTED, "the session is write-protected");
        }
    }

    List<Session> list(String userId) {
        List<Session> sessions = new ArrayList<>();
        ListedMetadata listed = new ListedMetadata();
        database.sessions
                .find(and(eq("userId", userId), eq("deleted", false)))
                .sort(Sorts.descending("userId", "deleted", "lastLogAt"))
                .projection(WITHOUT_BATCHES)
                .limit(MAX_LISTED)
                .batchSize(MongoStore.AT_A_TIME)
                .maxTime(LogStore.MAX_READ.toMillis(), TimeUnit.MILLISECONDS)
                .forEach(session -> sessions.add(toListed(session, listed)));
        return sessions;
    }

    private static Session toListed(Document document, ListedMetadata listed) {
        Session session = toSession(document);
        if (session.metadata() == null
                || listed.takes(session.metadata().toString().length())) {
            return session;
        }
        document.remove("metadata");
        return toSession(document);
    }

    /** Marks the id as that of a deleted session, and frees the name. The contents still exist. */
    void markDeleted(String userId, String id) {
        Document session = database.sessions
                .find(eq("_id", id))
                .projection(Projections.include("userId"))
                .first();
        if (session == null || !session.getString("userId").equals(userId)) {
            throw new StoreException(Reason.UNKNOWN, "no session has this id");
        }
        List<Bson> updates = new ArrayList<>(List.of(
                Updates.set("deleted", true),
                Updates.set("path", "deleted/" + id),
                Updates.set("deletedAt", Date.from(clock.instant()))));
        for (String field : List.of("batches", "metrics", "metadata", "description", "tags", "folder")) {
            updates.add(Updates.unset(field));
        }
        database.change(() -> database.sessions.updateOne(eq("_id", id), Updates.combine(updates)));
    }

    /**
     * Counts deleted records.
     *
     * @param end one past the last of their numbers
     */
    void countDeleted(String id, long count, long end) {
        database.change(() -> database.sessions.updateOne(
                eq("_id", id), Updates.combine(Updates.inc("logCount", -count), Updates.max("deletedEnd", end))));
    }

    /**
     * The range of a session's numbers.
     *
     * @param next one past the last number that was given to a record
     * @param deleted one past the last number of a record that retention has deleted
     */
    record Range(long next, long deleted) {}

    /** Zeros for an unknown or deleted session. */
    Range range(String id) {
        Document session = database.sessions
                .find(and(eq("_id", id), eq("deleted", false)))
                .projection(Projections.include("nextSequenceNumber", "deletedEnd"))
                .first();
        return session == null
                ? new Range(0, 0)
                : new Range(number(session, "nextSequenceNumber"), number(session, "deletedEnd"));
    }

    /** Whether the session exists and is not deleted. Contents of a deleted session may still exist. */
    boolean isThere(String id) {
        return database.sessions
                        .find(and(eq("_id", id), eq("deleted", false)))
                        .projection(Projections.include("_id"))
                        .first()
                != null;
    }

    static long number(Document document, String field) {
        return document.get(field) instanceof Number number ? number.longValue() : 0;
    }

    private static Session toSession(Document session) {
        return new Session(
                session.getString("_id"),
                session.getString("userId"),
                session.getString("workspace"),
                session.getString("name"),
                session.getString("description"),
                session.getList("tags", String.class),
                session.getString("folder"),
                Json.toObject(session.get("metadata", Document.class)),
                session.getBoolean("writeProtected"),
                number(session, "nextSequenceNumber"),
                number(session, "logCount"),
                levelCounts(session.get("levelCounts", new Document())),
                metrics(session),
                time(session, "firstLog"),
                time(session, "lastLog"),
                instant(session, "createdAt"),
                instant(session, "updatedAt"));
    }

    private static Map<Level, Long> levelCounts(Document counts) {
        Map<Level, Long> levels = new EnumMap<>(Level.class);
        for (Level level : Level.values()) {
            if (counts.containsKey(level.text())) {
                levels.put(level, number(counts, level.text()));
            }
        }
        return levels;
    }

    /** Only the first ones: concurrent writers may have stored a few more. */
    static Map<String, Double> metrics(Document session) {
        Map<String, Double> metrics = new LinkedHashMap<>();
        session.get("metrics", new Document()).forEach((name, value) -> {
            if (metrics.size() < LogStore.MAX_METRICS) {
                metrics.put(Json.plain(name), Double.valueOf(value.toString()));
            }
        });
        return metrics;
    }

    /** In microseconds, or in milliseconds if a previous version of the server stored the record with that time. */
    private static Instant time(Document session, String name) {
        Instant time = instant(session, name + "At");
        long micros = number(session, name + "Micros");
        boolean isTheSame = time != null
                && session.containsKey(name + "Micros")
                && Math.floorDiv(micros, MICROS_IN_MILLI) == time.toEpochMilli();
        return isTheSame ? Times.ofMicros(micros) : time;
    }

    static Instant instant(Document document, String field) {
        Date date = document.getDate(field);
        return date == null ? null : date.toInstant();
    }
}
