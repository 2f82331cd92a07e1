package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.io.AtomicFile;
import ai.dreamlake.logback.internal.io.LenientJson;
import ai.dreamlake.logback.internal.io.RegularFile;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Notes that records were dropped in a segment after the one that is being sent: the file {@code logs/.upload.lost}. It
 * exists until the {@link Checkpoint} counts them.
 *
 * <pre>
 *   {"lost": 320, "lostAt": "2025-10-29T10:30:00.000001Z", "segment": "logs.0000000000000000640.jsonl"}
 * </pre>
 *
 * @param lost how many records were dropped, in all such segments so far
 * @param lostAt when the last of them was dropped: ISO-8601 text, never the same twice
 * @param segment the name of the last such segment, which may not be deleted yet
 */
record LostSegment(long lost, String lostAt, String segment) {

    private static final int MAX_BYTES = 4096;

    /** Null if there is no file, or if it reports no loss or is damaged. */
    static @Nullable LostSegment read(Path file) throws IOException {
        JsonNode json;
        try (InputStream in = RegularFile.read(file.toFile())) {
            json = LenientJson.TREES.readTree(in.readNBytes(MAX_BYTES)); // a valid one is shorter
        } catch (FileNotFoundException | JacksonException nothingToRead) {
            return null;
        }
        long lost = json.path("lost").asLong(0);
        return lost <= 0
                ? null
                : new LostSegment(
                        lost,
                        json.path("lostAt").asString(""),
                        json.path("segment").asString(""));
    }

    void write(Path file) throws IOException {
        byte[] json = LenientJson.TREES
                .createObjectNode()
                .put("lost", lost)
                .put("lostAt", lostAt)
                .put("segment", segment)
                .toString()
                .getBytes(StandardCharsets.UTF_8);
        AtomicFile.replace(file, json);
    }
}
