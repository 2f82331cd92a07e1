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
 * What a run has beside its log: parameters, tracks of points, and files. Users and sessions as in {@link LogStore}:
 * calls that take a user's id check that the session is theirs, exists and is not write-protected.
 *
 * <p>Thread-safe. All calls throw {@link StoreException}.
 */
public interface RunStore {

    /**
     * A session's parameters.
     *
     * @param data names, flattened with dots, and values
     * @param version how often they were changed
     */
    record Parameters(String id, ObjectNode data, int version, Instant createdAt, Instant updatedAt) {}

    /** So large may all parameters of a session be: characters of JSON. */
    int LARGEST_PARAMETERS = 1024 * 1024;

    /**
     * Adds parameters; those of the same name are replaced.
     *
     * @throws StoreException TOO_LARGE if there would be more than {@link #LARGEST_PARAMETERS}, and then nothing is
     *     changed; some that come at the same time may be more
     */
    Parameters mergeParameters(String userId, String id, ObjectNode data);

    /** @throws StoreException TOO_LARGE if they are more than {@link #LARGEST_PARAMETERS} */
    static void checkSize(ObjectNode all) {
        if (all.toString().length() > LARGEST_PARAMETERS) {
            throw new StoreException(
                    StoreException.Reason.TOO_LARGE, "a session's parameters have no more than 1 MB in all");
        }
    }

    /** Empty if there are none. */
    Optional<Parameters> parameters(String id);

    /**
     * A series of points, each with fields of any kind.
     *
     * @param description null if none was ever given; as are tags and metadata
     * @param end how many points it has
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
     * Where points have been put.
     *
     * @param track as it is after the call
     */
    record Appended(Track track, Numbers numbers) {}

    /** Appends points to a track, which is made if there is none. Of its description, what is null stays. */
    Appended appendToTrack(
            String userId,
            String id,
            String name,
            String description,
            List<String> tags,
            ObjectNode metadata,
            List<ObjectNode> points);

    /** Points from an index on; the first of a page is that of the index. Empty if there is no such track. */
    Page<JsonNode> points(String id, String track, long start, int limit);

    /** Empty if there is no such track. */
    Optional<Track> track(String id, String name);

    /** In the order of their names. */
    List<Track> tracks(String id);

    /**
     * What is known of a file.
     *
     * @param prefix a path, such as {@code /models}
     * @param checksum SHA-256 of its bytes, in hex
     * @param description null if none was given; as is metadata
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
     * Keeps a file.
     *
     * @param described what the client says of it; its id, checksum, size and times are not read
     * @param limit the largest number of bytes
     * @throws StoreException TOO_LARGE, and then nothing is kept
     * @throws IOException if the bytes cannot be read
     */
    StoredFile addFile(String userId, String id, StoredFile described, InputStream bytes, long limit)
            throws IOException;

    /** In the order in which they came. */
    List<StoredFile> files(String id);

    /** @throws StoreException UNKNOWN */
    StoredFile file(String id, String fileId);

    /**
     * Writes a file's bytes.
     *
     * @throws IOException if they cannot be written
     */
    void readFile(String id, String fileId, OutputStream to) throws IOException;

    /** Changes what is given; what is null stays. */
    StoredFile changeFile(
            String userId, String id, String fileId, String description, List<String> tags, ObjectNode metadata);

    void deleteFile(String userId, String id, String fileId);
}
