package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.io.AtomicFile;
import ai.dreamlake.logback.internal.io.Digests;
import ai.dreamlake.logback.internal.io.FileIdentity;
import ai.dreamlake.logback.internal.io.LenientJson;
import ai.dreamlake.logback.internal.io.RegularFile;
import ai.dreamlake.logback.internal.record.LineFormat;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.zip.CRC32;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * How far a log has been delivered: the file {@code logs/.upload}. It is padded with spaces to a fixed length.
 *
 * <pre>
 *   {"offset": 52000, "end": 61200, "number": 260, "serverEnd": 1259, "lost": 0, "lostAt": "", "digest": "…", "check": "…"}
 * </pre>
 *
 * <p>A checkpoint overwrites the previous one, in one call and within one page, so a kill leaves one of the two. A
 * rename would ensure that at any length. But on ext4, which then writes the new file's blocks, it costs a millisecond:
 * as long as it takes to send a batch. A reader that does not hold the upload lock may find a mixture of both, and
 * detects that by the check, a CRC-32 of the rest.
 *
 * @param offset the server has everything before this position, or it was set aside or dropped
 * @param end the end of the batch that is about to be sent; equal to the offset if there is none
 * @param number the number of the record at the offset
 * @param serverEnd the last number that the server assigned in this session, or -1 if unknown
 * @param lost how many records were dropped and not yet reported to the server
 * @param lostAt when they were dropped, as ISO-8601 text; empty if none were
 * @param digest a digest of the log's first bytes and of those before the offset; it exposes another log's checkpoint
 */
record Checkpoint(long offset, long end, long number, long serverEnd, long lost, String lostAt, String digest) {

    /** The checkpoint of a log of which nothing has been sent. */
    static final Checkpoint NONE = new Checkpoint(0, 0, 0, -1, 0, "", "");

    private static final String CHECK = "check";
    private static final int DIGESTED_BYTES = 1024;
    private static final int MAX_BYTES = 4096;

    /** Enough for any checkpoint, and no longer than a page or a block of a device. */
    private static final int LENGTH = 512;

    /** How often to read, as a read may fall in the middle of a write. A write takes microseconds. */
    private static final int MAX_READS = 10;

    /** Whether a batch was about to be sent, so the server may have it. */
    boolean isDoubtful() {
        return end > offset;
    }

    /**
     * Reads a checkpoint. If it is missing, damaged, or belongs to another log, the result is the log's beginning:
     * everything is sent again, and nothing is skipped. Unreported losses are kept, unless the file is damaged.
     */
    static Checkpoint read(Path file, RandomAccessFile log) throws IOException {
        Checkpoint read = parse(file);
        boolean isWhole = read.offset >= 0
                && read.end >= read.offset
                && read.end <= log.length()
                && LineFormat.isNumber(read.number);
        return isWhole && read.digest.equals(digest(log, read.offset))
                ? read
                : new Checkpoint(0, 0, 0, -1, read.lost, read.lostAt, "");
    }

    /** The file's content, valid or not. */
    static Checkpoint parse(Path file) throws IOException {
        JsonNode json = LenientJson.TREES.missingNode();
        for (int reads = 0; json.isMissingNode() && reads < MAX_READS; reads++) {
            try (InputStream in = RegularFile.read(file.toFile())) {
                json = checked(LenientJson.TREES.readTree(in.readNBytes(MAX_BYTES))); // a valid one is shorter
            } catch (JacksonException mixture) {
                // It is read again.
            } catch (FileNotFoundException none) {
                return NONE;
            }
        }
        long lost = json.path("lost").asLong(0);
        return new Checkpoint(
                json.path("offset").asLong(-1),
                json.path("end").asLong(-1),
                json.path("number").asLong(-1),
                json.path("serverEnd").asLong(-1),
                LineFormat.isNumber(lost) ? lost : 0,
                json.path("lostAt").asString(""),
                json.path("digest").asString(""));
    }

    /** This checkpoint with a batch that is about to be sent. */
    Checkpoint sending(Batch batch) {
        return new Checkpoint(offset, batch.end(), number, serverEnd, lost, lostAt, digest);
    }

    /** This checkpoint without a batch to be sent. */
    Checkpoint withoutBatch() {
        return new Checkpoint(offset, offset, number, serverEnd, lost, lostAt, digest);
    }

    /** The checkpoint after a batch that is delivered or set aside. */
    Checkpoint after(Batch batch, long serverEnd, RandomAccessFile log) throws IOException {
        // If the server did not report its last number, it assigned one per record.
        long known = serverEnd >= 0 || this.serverEnd < 0 ? serverEnd : this.serverEnd + batch.records();
        return new Checkpoint(
                batch.end(), batch.end(), batch.numbers().next(), known, lost, lostAt, digest(log, batch.end()));
    }

    /** The checkpoint at the end of a log whose remaining records are dropped. */
    Checkpoint droppingRest(long records, Instant now, RandomAccessFile log, long nextNumber) throws IOException {
        long length = log.length();
        return new Checkpoint(
                length, length, nextNumber, serverEnd, lost + records, now.toString(), digest(log, length));
    }

    /** This checkpoint with more dropped records, from other logs. */
    Checkpoint withLoss(long records, String at) {
        return new Checkpoint(offset, end, number, serverEnd, lost + records, at, digest);
    }

    /** The checkpoint at the beginning of the next log, when this one is done. */
    Checkpoint atNextLog() {
        return new Checkpoint(0, 0, number, serverEnd, lost, lostAt, "");
    }

    /** This checkpoint after the server lost the session and started its numbers again. */
    Checkpoint withoutServerEnd() {
        return new Checkpoint(offset, end, number, -1, lost, lostAt, digest);
    }

    /** Whether this checkpoint belongs to a log with this content. */
    boolean isOf(RandomAccessFile log) throws IOException {
        return digest.equals(digest(log, offset));
    }

    /** This checkpoint once the loss has been reported to the server. */
    Checkpoint withoutLoss() {
        return new Checkpoint(offset, end, number, serverEnd, 0, "", digest);
    }

    void write(Path file) throws IOException {
        ObjectNode json = LenientJson.TREES.createObjectNode();
        json.put("offset", offset).put("end", end).put("number", number).put("serverEnd", serverEnd);
        json.put("lost", lost).put("lostAt", lostAt).put("digest", digest);
        json.put(CHECK, check(json));
        byte[] text = LenientJson.TREES.writeValueAsBytes(json);
        byte[] content = Arrays.copyOf(text, Math.max(text.length, LENGTH));
        Arrays.fill(content, text.length, content.length, (byte) ' ');
        if (content.length != LENGTH || !overwrite(file, content)) {
            AtomicFile.replace(file, content);
        }
    }

    /** Returns false if that is not possible, or not allowed: a hard link is somebody's backup. */
    private static boolean overwrite(Path file, byte[] content) throws IOException {
        if (file.toFile().length() != LENGTH || FileIdentity.links(file) > 1) {
            return false;
        }
        RegularFile.check(file.toFile());
        try (RandomAccessFile before = RegularFile.open(file.toFile(), "rw")) {
            before.write(content);
            return true;
        } catch (FileNotFoundException notPermitted) {
            return false; // replacing the file may still be permitted
        }
    }

    private static String check(ObjectNode json) {
        CRC32 check = new CRC32();
        check.update(LenientJson.TREES.writeValueAsBytes(json));
        return Long.toHexString(check.getValue());
    }

    /** The content of a file, or a missing node if it is not what was written into the file. */
    private static JsonNode checked(JsonNode json) {
        if (!(json instanceof ObjectNode checkpoint)) {
            return LenientJson.TREES.missingNode();
        }
        JsonNode check = checkpoint.remove(CHECK);
        // Files of an earlier version have none.
        return check == null || check.asString("").equals(check(checkpoint))
                ? checkpoint
                : LenientJson.TREES.missingNode();
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
