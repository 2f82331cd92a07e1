package ai.dreamlake.server.store.sqlite;

import ai.dreamlake.server.store.RunStore.StoredFile;
import ai.dreamlake.server.store.StoreException;
import ai.dreamlake.server.store.StoreException.Reason;
import ai.dreamlake.server.store.sqlite.Sessions.Known;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.node.ObjectNode;

/**
 * Files, in chunks. A file is written chunk by chunk, and becomes visible after the last one. Files that this process
 * did not finish are removed at the next start.
 */
final class Files {

    private static final int CHUNK = 256 * 1024;

    private static final int WRITING = 0;
    private static final int COMPLETE = 1;
    private static final int DELETED = 2;

    private static final String SELECT = """
            SELECT row, id, prefix, name, description, tags, metadata, contentType, checksum, size, createdAt, updatedAt
            FROM file
            """;

    private final Readers readers;
    private final Writer writer;
    private final Removal removal;

    Files(Readers readers, Writer writer, Removal removal) {
        this.readers = readers;
        this.writer = writer;
        this.removal = removal;
    }

    /** Marks unfinished files as deleted. Call it before any new file is begun. */
    static void forgetUnfinished(Writer writer) {
        writer.write(sql -> sql.update("UPDATE file SET state = " + DELETED + " WHERE state = " + WRITING));
    }

    private static StoredFile read(ResultSet row) throws SQLException {
        return new StoredFile(
                row.getString("id"),
                row.getString("prefix"),
                row.getString("name"),
                row.getString("description"),
                Json.texts(row.getString("tags")),
                Json.tree(row.getString("metadata")),
                row.getString("contentType"),
                row.getString("checksum"),
                row.getLong("size"),
                Times.ofMillis(row.getLong("createdAt")),
                Times.ofMillis(row.getLong("updatedAt")));
    }

    private static StoreException unknown() {
        return new StoreException(Reason.UNKNOWN, "no file has this id");
    }

    /** The row of a file. */
    private static long row(Sql sql, Known session, String fileId) throws SQLException {
        return sql.one(
                        "SELECT row FROM file WHERE id = ? AND session = ? AND state = " + COMPLETE,
                        row -> row.getLong(1),
                        fileId,
                        session.row())
                .orElseThrow(Files::unknown);
    }

    private static StoredFile find(Sql sql, long row) throws SQLException {
        return sql.one(SELECT + "WHERE row = ?", Files::read, row).orElseThrow(Files::unknown);
    }

    StoredFile add(String user, String id, StoredFile described, InputStream bytes, long limit) throws IOException {
        long row = writer.write(sql -> begin(sql, user, id, described));
        boolean isComplete = false;
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            long size = 0;
            for (byte[] chunk = bytes.readNBytes(CHUNK); chunk.length > 0; chunk = bytes.readNBytes(CHUNK)) {
                size += chunk.length;
                if (size > limit) {
                    throw new StoreException(Reason.TOO_LARGE, "the file is larger than " + limit + " bytes");
                }
                digest.update(chunk);
                byte[] stored = chunk;
                writer.write(sql -> sql.update(
                        "INSERT INTO chunk (file, bytes) SELECT row, ? FROM file WHERE row = ? AND state = " + WRITING,
                        stored,
                        row));
            }
            String checksum = HexFormat.of().formatHex(digest.digest());
            long allBytes = size;
            StoredFile file = writer.write(sql -> end(sql, user, id, row, checksum, allBytes));
            isComplete = true;
            return file;
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        } finally {
            if (!isComplete) {
                forget(row);
            }
        }
    }

    private static long begin(Sql sql, String user, String id, StoredFile described) throws SQLException {
        Known session = Sessions.writable(sql, user, id);
        long now = System.currentTimeMillis();
        String fileId = Sessions.newId();
        sql.update(
                """
                INSERT INTO file (session, id, state, prefix, name, description, tags, metadata, contentType,
                  createdAt, updatedAt) VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                session.row(),
                fileId,
                described.prefix(),
                described.name(),
                described.description(),
                Json.text(described.tags()),
                Json.text(described.metadata()),
                described.contentType(),
                now,
                now);
        return sql.number("SELECT row FROM file WHERE id = ?", fileId);
    }

    private static StoredFile end(Sql sql, String user, String id, long row, String checksum, long size)
            throws SQLException {
        Sessions.writable(sql, user, id); // the session may have been deleted meanwhile
        sql.update("UPDATE file SET state = 1, checksum = ?, size = ? WHERE row = ?", checksum, size, row);
        return find(sql, row);
    }

    private void forget(long row) {
        try {
            writer.write(sql -> sql.update("UPDATE file SET state = " + DELETED + " WHERE row = ?", row));
            removal.wake();
        } catch (StoreException unavailable) {
            // The original failure is thrown; the next start removes the file.
        }
    }

    List<StoredFile> files(String id) {
        return readers.read(sql -> {
            Optional<Known> session = Sessions.find(sql, id);
            return session.isEmpty()
                    ? List.<StoredFile>of()
                    : sql.all(
                            SELECT + "WHERE session = ? AND state = " + COMPLETE + " ORDER BY row",
                            Files::read,
                            session.get().row());
        });
    }

    StoredFile file(String id, String fileId) {
        return readers.read(sql -> {
            Known session = Sessions.find(sql, id).orElseThrow(Files::unknown);
            return find(sql, row(sql, session, fileId));
        });
    }

    /** Reads a chunk at a time, because the receiver may be slow. */
    void write(String id, String fileId, OutputStream to) throws IOException {
        long row = readers.read(sql -> row(sql, Sessions.find(sql, id).orElseThrow(Files::unknown), fileId));
        long[] last = {0};
        Optional<byte[]> chunk = next(row, last);
        while (chunk.isPresent()) {
            to.write(chunk.get());
            chunk = next(row, last);
        }
    }

    private Optional<byte[]> next(long file, long[] last) {
        return readers.read(sql -> {
            if (sql.number("SELECT count(*) FROM file WHERE row = ? AND state = " + COMPLETE, file) == 0) {
                throw unknown(); // the file was deleted during the download
            }
            return sql.one(
                    "SELECT id, bytes FROM chunk WHERE file = ? AND id > ? ORDER BY id LIMIT 1",
                    chunk -> {
                        last[0] = chunk.getLong(1);
                        return chunk.getBytes(2);
                    },
                    file,
                    last[0]);
        });
    }

    StoredFile change(
            String user, String id, String fileId, String description, List<String> tags, ObjectNode metadata) {
        long now = System.currentTimeMillis();
        return writer.write(sql -> {
            long row = row(sql, Sessions.writable(sql, user, id), fileId);
            sql.update("""
                    UPDATE file SET description = ifnull(?, description), tags = ifnull(?, tags),
                      metadata = ifnull(?, metadata), updatedAt = ? WHERE row = ?
                    """, description, Json.text(tags), Json.text(metadata), now, row);
            return find(sql, row);
        });
    }

    void delete(String user, String id, String fileId) {
        writer.write(sql -> sql.update(
                "UPDATE file SET state = " + DELETED + " WHERE row = ?",
                row(sql, Sessions.writable(sql, user, id), fileId)));
        removal.wake();
    }
}
