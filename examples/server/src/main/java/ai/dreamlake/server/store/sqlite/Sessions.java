package ai.dreamlake.server.store.sqlite;

import ai.dreamlake.server.store.Description;
import ai.dreamlake.server.store.Level;
import ai.dreamlake.server.store.ListedMetadata;
import ai.dreamlake.server.store.LogStore.Upserted;
import ai.dreamlake.server.store.Metrics;
import ai.dreamlake.server.store.Session;
import ai.dreamlake.server.store.StoreException;
import ai.dreamlake.server.store.StoreException.Reason;
import java.security.SecureRandom;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.type.TypeReference;

/** The rows of sessions. All methods must be called within a transaction. */
final class Sessions {

    private static final int ID_BYTES = 12;
    private static final int MAX_LISTED = 1000;
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final TypeReference<LinkedHashMap<String, Double>> METRICS = new TypeReference<>() {};

    private static final String WHOLE = select("description, tags, metadata");

    /** Without the columns that may be large and are only shown. */
    private static final String BRIEF = select("NULL AS description, NULL AS tags, NULL AS metadata");

    private Sessions() {}

    private static String select(String described) {
        return "SELECT row, id, user, workspace, name, folder, " + described
                + ", protected, deleted, start, end, debug,"
                + " info, warn, error, fatal, metrics, first, last, createdAt, updatedAt FROM session ";
    }

    /**
     * A session, with what only the store knows of it.
     *
     * @param row in the table; the ids of its records begin with it
     * @param start the first number whose record is stored, or {@code end} if there is none
     */
    record Known(long row, boolean isDeleted, long start, Session session) {

        long end() {
            return session.end();
        }
    }

    /** Unguessable: 96 random bits in hex. */
    static String newId() {
        byte[] bytes = new byte[ID_BYTES];
        RANDOM.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    private static Known read(ResultSet row) throws SQLException {
        return read(row, row.getString("metadata"));
    }

    private static Known read(ResultSet row, String metadata) throws SQLException {
        Map<Level, Long> levelCounts = new EnumMap<>(Level.class);
        for (Level level : Level.values()) {
            long count = row.getLong(level.text());
            if (count > 0) {
                levelCounts.put(level, count);
            }
        }
        long start = row.getLong("start");
        long end = row.getLong("end");
        Session session = new Session(
                row.getString("id"),
                row.getString("user"),
                row.getString("workspace"),
                row.getString("name"),
                row.getString("description"),
                Json.texts(row.getString("tags")),
                row.getString("folder"),
                Json.tree(metadata),
                row.getBoolean("protected"),
                end,
                end - start,
                levelCounts,
                metrics(row.getString("metrics")),
                Times.ofMicrosOrNull(Sql.longOrNull(row, "first")),
                Times.ofMicrosOrNull(Sql.longOrNull(row, "last")),
                Times.ofMillis(row.getLong("createdAt")),
                Times.ofMillis(row.getLong("updatedAt")));
        return new Known(row.getLong("row"), row.getBoolean("deleted"), start, session);
    }

    /** Keeps the order of the file: that in which the names first occurred. */
    private static Map<String, Double> metrics(String json) {
        return json == null ? new LinkedHashMap<>() : Json.MAPPER.readValue(json, METRICS);
    }

    /** Without description, tags and metadata. Empty if the session does not exist or is deleted. */
    static Optional<Known> find(Sql sql, String id) throws SQLException {
        return sql.one(BRIEF + "WHERE id = ?", Sessions::read, id).filter(known -> !known.isDeleted());
    }

    /** One past the last number; 0 if the session does not exist or is deleted. */
    static long end(Sql sql, String id) throws SQLException {
        return sql.number("SELECT end FROM session WHERE id = ? AND NOT deleted", id);
    }

    /** @throws StoreException UNKNOWN, DELETED */
    static Session whole(Sql sql, String user, String id) throws SQLException {
        return present(own(sql, WHOLE, user, id)).session();
    }

    /**
     * Without description, tags and metadata.
     *
     * @throws StoreException UNKNOWN, DELETED
     */
    static Known get(Sql sql, String user, String id) throws SQLException {
        return present(own(sql, BRIEF, user, id));
    }

    private static Known present(Known known) {
        if (known.isDeleted()) {
            throw new StoreException(Reason.DELETED, "the session was deleted");
        }
        return known;
    }

    private static Known own(Sql sql, String select, String user, String id) throws SQLException {
        return sql.one(select + "WHERE id = ?", Sessions::read, id)
                .filter(known -> known.session().userId().equals(user))
                .orElseThrow(() -> new StoreException(Reason.UNKNOWN, "no session has this id"));
    }

    /**
     * Without description, tags and metadata.
     *
     * @throws StoreException UNKNOWN, DELETED, PROTECTED
     */
    static Known writable(Sql sql, String user, String id) throws SQLException {
        Known known = get(sql, user, id);
        checkWritable(known);
        return known;
    }

    /** @throws StoreException PROTECTED */
    static void checkWritable(Known known) {
        if (known.session().writeProtected()) {
            throw new StoreException(Reason.PROTECTED, "the session is write-protected");
        }
    }

    static List<Session> list(Sql sql, String user) throws SQLException {
        ListedMetadata listed = new ListedMetadata();
        return sql.all(
                WHOLE + "WHERE user = ? AND NOT deleted ORDER BY last DESC LIMIT " + MAX_LISTED,
                row -> {
                    String metadata = row.getString("metadata");
                    boolean isListed = metadata == null || listed.takes(metadata.length());
                    return read(row, isListed ? metadata : null).session();
                },
                user);
    }

    static Upserted upsert(Sql sql, String user, String workspace, Description given, long now) throws SQLException {
        String find = WHOLE + "WHERE user = ? AND workspace = ? AND name = ? AND NOT deleted";
        Optional<Known> before = sql.one(find, Sessions::read, user, workspace, given.name());
        if (before.isEmpty()) {
            sql.update("""
                    INSERT INTO session (id, user, workspace, name, protected, deleted, removed, start, end,
                      debug, info, warn, error, fatal, createdAt, updatedAt)
                    VALUES (?, ?, ?, ?, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ?, ?)
                    """, newId(), user, workspace, given.name(), now, now);
        }
        sql.update(
                """
                UPDATE session SET description = ifnull(?, description), tags = ifnull(?, tags),
                  folder = ifnull(?, folder), metadata = ifnull(?, metadata), protected = ifnull(?, protected),
                  updatedAt = ?
                WHERE user = ? AND workspace = ? AND name = ? AND NOT deleted
                """,
                given.description(),
                Json.text(given.tags()),
                given.folder(),
                Json.text(given.metadata()),
                given.writeProtected() == null ? null : given.writeProtected() ? 1 : 0,
                now,
                user,
                workspace,
                given.name());
        Known after =
                sql.one(find, Sessions::read, user, workspace, given.name()).orElseThrow();
        return new Upserted(after.session(), before.isEmpty());
    }

    /** Adds a batch to the totals of its session. */
    static void count(Sql sql, Known before, Batch batch, long now) throws SQLException {
        Map<String, Double> metrics = before.session().lastMetrics();
        Metrics.add(metrics, batch.metrics());
        sql.update(
                """
                UPDATE session SET end = end + ?, debug = debug + ?, info = info + ?, warn = warn + ?,
                  error = error + ?, fatal = fatal + ?, metrics = ?,
                  first = min(ifnull(first, ?), ?), last = max(ifnull(last, ?), ?), oldest = ifnull(oldest, ?)
                WHERE row = ?
                """,
                batch.size(),
                batch.count(Level.DEBUG),
                batch.count(Level.INFO),
                batch.count(Level.WARN),
                batch.count(Level.ERROR),
                batch.count(Level.FATAL),
                metrics.isEmpty() ? null : Json.text(metrics),
                batch.first(),
                batch.first(),
                batch.last(),
                batch.last(),
                now,
                before.row());
    }

    /** Hides the session from now on; its contents are removed later. Deleting it again is not an error. */
    static void delete(Sql sql, String user, String id) throws SQLException {
        sql.update("""
                UPDATE session SET deleted = 1, description = NULL, tags = NULL, folder = NULL, metadata = NULL,
                  metrics = NULL, oldest = NULL
                WHERE row = ? AND NOT deleted
                """, own(sql, BRIEF, user, id).row());
    }
}
