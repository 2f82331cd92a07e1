package ai.dreamlake.server.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a run has besides its log: parameters, tracks of points, and files. For users and sessions see {@link LogStore}:
 * calls that take a user's id check that the session belongs to that user, exists and is not write-protected.
 *
 * <p>Thread-safe. All calls throw {@link StoreException}.
 */
public interface RunStore {

    /**
     * A session's parameters.
     *
     * @param data names, flattened with dots, and values
     * @param version how often the parameters were changed
     */
    record Parameters(String id, ObjectNode data, int version, Instant createdAt, Instant updatedAt) {}

    /** Maximum size of all parameters of a session, in characters of JSON. */
    int MAX_PARAMETERS = 1024 * 1024;

    /**
     * Adds parameters, and replaces those of the same name.
     *
     * @throws StoreException TOO_LARGE if the result would exceed {@link #MAX_PARAMETERS}; then nothing is changed.
     *     Concurrent calls together may exceed it
     */
    Parameters mergeParameters(String userId, String id, ObjectNode data);

    /** @throws StoreException TOO_LARGE if the parameters exceed {@link #MAX_PARAMETERS} */
    static void checkSize(ObjectNode all) {
        if (all.toString().length() > MAX_PARAMETERS) {
            throw new StoreException(
                    StoreException.Reason.TOO_LARGE, "a session's parameters must not exceed 1 MB in all");
        }
    }

    /** Empty if there are none. */
    Optional<Parameters> parameters(String id);

    /**
     * A series of points, each with any fields.
     *
     * @param description null if none was ever given
     * @param tags null if none were ever given
     * @param metadata null if none was ever given
     * @param end the number of points
     */
    record Track(
            String id,
            String name,
            String description,
            List<String> tags,
            JsonNode metadata,
            long end,
            Instant createdAt,
            Instant updatedAt) {}

    /**
     * Where points were appended.
     *
     * @param track as it is after the call
     */
    record Appended(Track track, Numbers numbers) {}

    /**
     * Appends points to a track, and creates the track if it does not exist. Description fields that are null keep
     * their values.
     */
    Appended appendToTrack(
            String userId,
            String id,
            String name,
            String description,
            List<String> tags,
            ObjectNode metadata,
            List<ObjectNode> points);

    /** Points from an index on; the first of the page has that index. Empty if there is no such track. */
    Page<JsonNode> points(String id, String track, long start, int limit);

    /** Empty if there is no such track. */
    Optional<Track> track(String id, String name);

    /** Sorted by name. */
    List<Track> tracks(String id);

    /**
     * Describes a file.
     *
     * @param prefix a path, such as {@code /models}
     * @param checksum SHA-256 of its bytes, in hex
     * @param description null if none was given
     * @param metadata null if none was given
     */
    record StoredFile(
            String id,
            String prefix,
            String name,
            String description,
            List<String> tags,
            JsonNode metadata,
            String contentType,
            String checksum,
            long size,
            Instant createdAt,
            Instant updatedAt) {}

    /**
     * Stores a file.
     *
     * @param described the client's description; its id, checksum, size and times are ignored
     * @param limit maximum number of bytes
     * @throws StoreException TOO_LARGE; then nothing is stored
     * @throws IOException if the bytes cannot be read
     */
    StoredFile addFile(String userId, String id, StoredFile described, InputStream bytes, long limit)
            throws IOException;

    /** In the order in which they were stored. */
    List<StoredFile> files(String id);

    /** @throws StoreException UNKNOWN */
    StoredFile file(String id, String fileId);

    /**
     * Writes a file's bytes.
     *
     * @throws IOException if they cannot be written
     */
    void readFile(String id, String fileId, OutputStream to) throws IOException;

    /** Changes the given fields; null fields keep their values. */
    StoredFile changeFile(
            String userId, String id, String fileId, String description, List<String> tags, ObjectNode metadata);

    void deleteFile(String userId, String id, String fileId);
}
