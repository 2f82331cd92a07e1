package ai.dreamlake.server.store.mongo;

import static com.mongodb.client.model.Filters.and;
import static com.mongodb.client.model.Filters.eq;
import static com.mongodb.client.model.Filters.gte;
import static com.mongodb.client.model.Filters.lt;
import static com.mongodb.client.model.Filters.lte;
import static com.mongodb.client.model.Filters.ne;

import ai.dreamlake.server.store.LogStore;
import ai.dreamlake.server.store.RunStore.StoredFile;
import ai.dreamlake.server.store.StoreException;
import ai.dreamlake.server.store.StoreException.Reason;
import com.mongodb.client.model.FindOneAndUpdateOptions;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.ReturnDocument;
import com.mongodb.client.model.Sorts;
import com.mongodb.client.model.Updates;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.bson.Document;
import org.bson.conversions.Bson;
import org.bson.types.Binary;
import org.bson.types.ObjectId;
import tools.jackson.databind.node.ObjectNode;

/**
 * Files, with their bytes in chunks.
 *
 * <pre>
 *   files:  {"_id": "65f…", "sessionId": "9b1c…", "state": "complete", "prefix": "/models", "name": "best.pt",
 *            "description": …, "tags": […], "metadata": {…}, "contentType": …, "checksum": "9f86d0…", "size": 1000000,
 *            "createdAt": …, "updatedAt": …}
 *   chunks: {"_id": "65f…/0000000001", "fileId": "65f…", "n": 1, "bytes": …}
 * </pre>
 *
 * <p>Only {@code complete} files are visible. A file is removed if it is {@code deleted}, or if it stays
 * {@code incomplete} for long because its writer died.
 */
final class Files {

    static final List<String> IN_ORDER = List.of("sessionId", "createdAt", "_id");

    private static final int CHUNK = 256 * 1024;

    /** Chunks deleted or fetched at a time: some megabytes. */
    private static final int PIECE = 16;

    private static final String INCOMPLETE = "incomplete";
    private static final String COMPLETE = "complete";
    private static final String DELETED = "deleted";

    /** No upload takes longer. */
    private static final Duration MAX_UPLOAD = Duration.ofDays(1);

    private final Database database;
    private final Sessions sessions;
    private final Clock clock;

    Files(Database database, Sessions sessions, Clock clock) {
        this.database = database;
        this.sessions = sessions;
        this.clock = clock;
    }

    StoredFile add(String userId, String id, StoredFile described, InputStream bytes, long limit) throws IOException {
        String fileId = Database.asking(() -> begin(userId, id, described));
        boolean isComplete = false;
        try {
            MessageDigest digest = Sessions.sha256();
            long size = 0;
            int n = 0;
            for (byte[] chunk = bytes.readNBytes(CHUNK); chunk.length > 0; chunk = bytes.readNBytes(CHUNK)) {
                size += chunk.length;
                if (size > limit) {
                    throw new StoreException(Reason.TOO_LARGE, "the file is larger than " + limit + " bytes");
                }
                digest.update(chunk);
                Document document = new Document("_id", String.format("%s/%010d", fileId, n))
                        .append("fileId", fileId)
                        .append("n", n++)
                        .append("bytes", new Binary(chunk));
                Database.asking(() -> database.chunks.insertOne(document));
            }
            String checksum = HexFormat.of().formatHex(digest.digest());
            long length = size;
            StoredFile file = Database.asking(() -> end(userId, id, fileId, checksum, length));
            isComplete = true;
            return file;
        } finally {
            if (!isComplete) {
                forget(fileId);
            }
        }
    }

    private String begin(String userId, String id, StoredFile described) {
        sessions.checkWritable(userId, id);
        String fileId = new ObjectId().toHexString();
        Date now = Date.from(clock.instant());
        database.files.insertOne(new Document("_id", fileId)
                .append("sessionId", id)
                .append("state", INCOMPLETE)
                .append("prefix", described.prefix())
                .append("name", described.name())
                .append("description", described.description())
                .append("tags", described.tags())
                .append(
                        "metadata",
                        described.metadata() == null ? null : database.json.valueToBson(described.metadata()))
                .append("contentType", described.contentType())
                .append("createdAt", now)
                .append("updatedAt", now));
        return fileId;
    }

    private StoredFile end(String userId, String id, String fileId, String checksum, long size) {
        sessions.checkWritable(userId, id); // the session may have been deleted meanwhile
        return changed(
                id,
                fileId,
                INCOMPLETE,
                List.of(Updates.set("state", COMPLETE), Updates.set("checksum", checksum), Updates.set("size", size)));
    }

    private void forget(String fileId) {
        try {
            while (deletePieceOfFile(fileId)) {
                // Deletes piece by piece.
            }
        } catch (RuntimeException unavailable) {
            // The original failure is thrown; the incomplete file is removed later.
        }
    }

    private StoredFile changed(String id, String fileId, String state, List<Bson> updates) {
        Document file = database.change(() -> database.files.findOneAndUpdate(
                and(eq("_id", fileId), eq("sessionId", id), eq("state", state)),
                Updates.combine(updates),
                new FindOneAndUpdateOptions().returnDocument(ReturnDocument.AFTER)));
        if (file == null) {
            throw unknown();
        }
        return toFile(file);
    }

    private static StoreException unknown() {
        return new StoreException(Reason.UNKNOWN, "no file has this id");
    }

    private static StoredFile toFile(Document file) {
        return new StoredFile(
                file.getString("_id"),
                file.getString("prefix"),
                file.getString("name"),
                file.getString("description"),
                file.getList("tags", String.class),
                file.get("metadata") == null ? null : Json.toJson(file.get("metadata")),
                file.getString("contentType"),
                file.getString("checksum"),
                Sessions.number(file, "size"),
                Sessions.instant(file, "createdAt"),
                Sessions.instant(file, "updatedAt"));
    }

    List<StoredFile> files(String id) {
        List<StoredFile> files = new ArrayList<>();
        if (!sessions.isThere(id)) {
            return files;
        }
        database.files
                .find(and(eq("sessionId", id), eq("state", COMPLETE)))
                .sort(Sorts.ascending(IN_ORDER))
                .batchSize(MongoStore.AT_A_TIME)
                .maxTime(LogStore.MAX_READ.toMillis(), TimeUnit.MILLISECONDS)
                .forEach(file -> files.add(toFile(file)));
        return files;
    }

    StoredFile file(String id, String fileId) {
        Document file = sessions.isThere(id)
                ? database.files
                        .find(and(eq("_id", fileId), eq("sessionId", id), eq("state", COMPLETE)))
                        .first()
                : null;
        if (file == null) {
            throw unknown();
        }
        return toFile(file);
    }

    /** Reads some chunks at a time, because the receiver may be slow, and no cursor waits that long. */
    void write(String id, String fileId, OutputStream to) throws IOException {
        long size = Database.asking(() -> file(id, fileId)).size();
        long written = 0;
        for (int n = 0; written < size; n += PIECE) {
            for (byte[] chunk : chunks(fileId, n)) {
                to.write(chunk);
                written += chunk.length;
            }
            if (written < size && written != (long) (n + PIECE) * CHUNK) {
                throw unknown(); // the file was deleted during the download
            }
        }
    }

    private List<byte[]> chunks(String fileId, int from) {
        return Database.asking(() -> {
            List<byte[]> chunks = new ArrayList<>();
            database.chunks
                    .find(and(eq("fileId", fileId), gte("n", from), lt("n", from + PIECE)))
                    .sort(Sorts.ascending("fileId", "n"))
                    .forEach(
                            chunk -> chunks.add(chunk.get("bytes", Binary.class).getData()));
            return chunks;
        });
    }

    StoredFile change(
            String userId, String id, String fileId, String description, List<String> tags, ObjectNode metadata) {
        sessions.checkWritable(userId, id);
        List<Bson> updates = new ArrayList<>(List.of(Updates.set("updatedAt", Date.from(clock.instant()))));
        Sessions.addIfGiven(updates, "description", description);
        Sessions.addIfGiven(updates, "tags", tags);
        Sessions.addIfGiven(updates, "metadata", metadata == null ? null : database.json.toBson(metadata));
        return changed(id, fileId, COMPLETE, updates);
    }

    /** The bytes stay until they are removed later. */
    void markDeleted(String userId, String id, String fileId) {
        sessions.checkWritable(userId, id);
        changed(id, fileId, COMPLETE, List.of(Updates.set("state", DELETED)));
    }

    /** Deletes a piece of a session's files. Returns false if there was nothing to delete. */
    boolean deletePiece(String id) {
        return deletePiece(eq("sessionId", id));
    }

    /** Deletes a piece of unused files. Returns false if there was nothing to delete. */
    boolean deletePiece() {
        Date longAgo = Date.from(clock.instant().minus(MAX_UPLOAD));
        return deletePiece(eq("state", DELETED)) || deletePiece(and(eq("state", INCOMPLETE), lt("updatedAt", longAgo)));
    }

    private boolean deletePiece(Bson filter) {
        Document file = database.files
                .find(filter)
                .projection(Projections.include("_id"))
                .first();
        return file != null && deletePieceOfFile(file.getString("_id"));
    }

    /** Returns false if there was nothing to delete. */
    private boolean deletePieceOfFile(String fileId) {
        database.change(() ->
                database.files.updateOne(and(eq("_id", fileId), ne("state", DELETED)), Updates.set("state", DELETED)));
        Document last = null;
        for (Document chunk : database.chunks
                .find(eq("fileId", fileId))
                .sort(Sorts.ascending("fileId", "n"))
                .projection(Projections.include("n"))
                .limit(PIECE)) {
            last = chunk;
        }
        if (last == null) {
            return database.files.deleteOne(eq("_id", fileId)).getDeletedCount() > 0;
        }
        database.chunks.deleteMany(and(eq("fileId", fileId), lte("n", last.getInteger("n"))));
        return true;
    }
}
