package ai.dreamlake.server.store.sqlite;

import ai.dreamlake.server.store.Level;
import ai.dreamlake.server.store.Numbers;
import ai.dreamlake.server.store.Page;
import ai.dreamlake.server.store.RecordQuery;
import ai.dreamlake.server.store.StoreException;
import ai.dreamlake.server.store.StoreException.Reason;
import ai.dreamlake.server.store.StoredRecord;
import ai.dreamlake.server.store.sqlite.Sessions.Known;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The rows of records, and of the batches in which they arrived. All methods must be called within a transaction. */
final class Records {

    /** A page ends early if its messages and metadata exceed this many UTF-16 characters. */
    private static final long MAX_PAGE = 4 * 1024 * 1024;

    private static final Level[] LEVELS = Level.values();
    private static final String INSERT = """
            INSERT INTO record (id, session, timestamp, level, createdAt, message, folded, metadata)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """;

    private static final String SELECT = "SELECT id, timestamp, level, createdAt, message, metadata FROM record ";

    private Records() {}

    /**
     * Stores a batch, or returns the numbers under which it is stored already.
     *
     * @param now in milliseconds
     */
    static Numbers append(Sql sql, String user, String id, String key, Batch batch, long now) throws SQLException {
        Known session = Sessions.get(sql, user, id);
        Optional<Numbers> before = key == null ? Optional.empty() : find(sql, session, key);
        if (before.isPresent()) {
            if (before.get().count() != batch.size()) {
                throw new StoreException(
                        Reason.KEY_REUSED,
                        "was used for a batch of " + before.get().count() + " records before, and now for one of "
                                + batch.size());
            }
            return before.get();
        }
        Sessions.checkWritable(session);
        Numbers numbers = new Numbers(session.end(), batch.size());
        if (numbers.end() > Schema.MAX_RECORDS) {
            throw new StoreException(
                    Reason.TOO_LARGE, "a session cannot have more than " + Schema.MAX_RECORDS + " records");
        }
        if (batch.size() == 0) {
            return numbers;
        }
        insert(sql, session.row(), numbers.start(), batch, now);
        if (key != null) {
            sql.update(
                    "INSERT INTO batch (id, session, key, count) VALUES (?, ?, ?, ?)",
                    Schema.id(session.row(), numbers.start()),
                    session.row(),
                    key,
                    batch.size());
        }
        Sessions.count(sql, session, batch, now);
        return numbers;
    }

    private static Optional<Numbers> find(Sql sql, Known session, String key) throws SQLException {
        return sql.one(
                "SELECT id, count FROM batch WHERE session = ? AND key = ?",
                row -> new Numbers(Schema.number(row.getLong(1)), row.getInt(2)),
                session.row(),
                key);
    }

    private static void insert(Sql sql, long session, long start, Batch batch, long now) throws SQLException {
        long id = Schema.id(session, start);
        for (Batch.Row row : batch.rows()) {
            sql.update(
                    INSERT,
                    id++,
                    session,
                    row.micros(),
                    row.level().ordinal(),
                    now,
                    row.message(),
                    row.folded(),
                    row.metadata());
        }
    }

    static Page<StoredRecord> find(Sql sql, Known session, RecordQuery query) throws SQLException {
        return page(sql, new Plan(sql, session, query).ids(), query.limit());
    }

    /** @param ids one more than requested, if there are more */
    private static Page<StoredRecord> page(Sql sql, List<Long> ids, int limit) throws SQLException {
        List<StoredRecord> records = new ArrayList<>();
        long size = 0;
        for (long id : ids.subList(0, Math.min(limit, ids.size()))) {
            StoredRecord record =
                    sql.one(SELECT + "WHERE id = ?", Records::read, id).orElseThrow();
            size += record.message().length();
            size += record.metadata() == null ? 0 : record.metadata().toString().length();
            if (size > MAX_PAGE && !records.isEmpty()) {
                break;
            }
            records.add(record);
        }
        return new Page<>(records, ids.size() > records.size());
    }

    private static StoredRecord read(ResultSet row) throws SQLException {
        return new StoredRecord(
                Schema.number(row.getLong(1)),
                Times.ofMicros(row.getLong(2)),
                LEVELS[row.getInt(3)],
                row.getString(5),
                Json.tree(row.getString(6)),
                Times.ofMillis(row.getLong(4)));
    }
}
