package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.io.AtomicFile;
import ai.dreamlake.logback.internal.io.Digests;
import ai.dreamlake.logback.internal.io.LenientJson;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * How far a log is delivered: {@code logs/.upload}, replaced by rename.
 *
 * <pre>
 *   {"offset": 52000, "end": 61200, "number": 260, "serverEnd": 1259, "lost": 0, "lostAt": "", "digest": "…"}
 * </pre>
 *
 * @param offset everything before this position is with the server, or was set aside
 * @param end the end of the batch that was about to be sent; the offset if there is none
 * @param number the number of the record at the offset
 * @param serverEnd the last number that the server gave in this session, or -1 if it is not known
 * @param lost how many records were given up since the server was told so
 * @param lostAt when, as text
 * @param digest of the log's bytes at its beginning and before the offset: another log's checkpoint says nothing of this one
 */
record Checkpoint(long offset, long end, long number, long serverEnd, long lost, String lostAt, String digest) {

    /** Of a log of which nothing was sent. */
    static final Checkpoint NONE = new Checkpoint(0, 0, 0, -1, 0, "", "");

    private static final int DIGESTED_BYTES = 1024;

    /** Whether a batch was about to be sent, so that it may be with the server. */
    boolean isDoubtful() {
        return end > offset;
    }

    /**
     * Reads a checkpoint. One that is missing, damaged, or not of this log is {@link #NONE}: then everything is sent again,
     * and nothing passed over.
     */
    static Checkpoint read(Path file, RandomAccessFile log) throws IOException {
        Checkpoint read = parse(file);
        boolean isWhole = read.offset >= 0 && read.end >= read.offset && read.number >= 0 && read.end <= log.length();
        return isWhole && read.digest.equals(digest(log, read.offset))
                ? read
                : new Checkpoint(0, 0, 0, -1, Math.max(0, read.lost), read.lostAt, "");
    }

    /** What stands in the file, whether it makes sense or not. */
    static Checkpoint parse(Path file) throws IOException {
        JsonNode json;
        try {
            json = LenientJson.TREES.readTree(Files.readAllBytes(file));
        } catch (NoSuchFileException | JacksonException nothingToRead) {
            return NONE;
        }
        return new Checkpoint(
                json.path("offset").asLong(-1),
                json.path("end").asLong(-1),
                json.path("number").asLong(-1),
                json.path("serverEnd").asLong(-1),
                json.path("lost").asLong(0),
                json.path("lostAt").asString(""),
                json.path("digest").asString(""));
    }

    /** This checkpoint, with a batch that is about to be sent. */
    Checkpoint sending(Batch batch) {
        return new Checkpoint(offset, batch.end(), number, serverEnd, lost, lostAt, digest);
    }

    /** This checkpoint, once a batch is given up that the server refused. */
    Checkpoint withoutBatch() {
        return new Checkpoint(offset, offset, number, serverEnd, lost, lostAt, digest);
    }

    /** Behind a batch that is done. */
    Checkpoint after(Batch batch, long serverEnd, RandomAccessFile log) throws IOException {
        // A server that did not tell its number gave as many as there were records.
        long known = serverEnd >= 0 || this.serverEnd < 0 ? serverEnd : this.serverEnd + batch.records();
        return new Checkpoint(batch.end(), batch.end(), batch.nextNumber(), known, lost, lostAt, digest(log, batch.end()));
    }

    /** At the end of a log whose rest is given up. */
    Checkpoint givingUp(long records, Instant now, RandomAccessFile log, long nextNumber) throws IOException {
        long length = log.length();
        return new Checkpoint(length, length, nextNumber, serverEnd, lost + records, now.toString(), digest(log, length));
    }

    /** At the beginning of the log behind the one that is done with. */
    Checkpoint atNextLog() {
        return new Checkpoint(0, 0, number, serverEnd, lost, lostAt, "");
    }

    /** When the server lost the session, and begins its numbers anew. */
    Checkpoint withoutServerEnd() {
        return new Checkpoint(offset, end, number, -1, lost, lostAt, digest);
    }

    /** Whether this is how far a log was sent that has this content. */
    boolean isOf(RandomAccessFile log) throws IOException {
        return digest.equals(digest(log, offset));
    }

    /** Once the server knows of the loss. */
    Checkpoint withoutLoss() {
        return new Checkpoint(offset, end, number, serverEnd, 0, "", digest);
    }

    void write(Path file) throws IOException {
        ObjectNode json = LenientJson.TREES.createObjectNode();
        json.put("offset", offset).put("end", end).put("number", number).put("serverEnd", serverEnd);
        json.put("lost", lost).put("lostAt", lostAt).put("digest", digest);
        AtomicFile.replace(file, LenientJson.TREES.writeValueAsBytes(json));
    }

    private static String digest(RandomAccessFile log, long offset) throws IOException {
        if (offset == 0) {
            return "";
        }
        byte[] first = new byte[(int) Math.min(DIGESTED_BYTES, offset)];
        byte[] last = new byte[first.length];
        log.seek(0);
        log.readFully(first);
        log.seek(offset - last.length);
        log.readFully(last);
        return Digests.shortHex(first, last);
    }
}
