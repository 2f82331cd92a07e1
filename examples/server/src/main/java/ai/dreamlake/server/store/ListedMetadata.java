package ai.dreamlake.server.store;

/**
 * Decides which sessions of a list come with their metadata. So a list of many sessions does not exhaust the memory.
 * Not thread-safe.
 */
public final class ListedMetadata {

    /** In characters of JSON: metadata of at most this size is always included. */
    public static final int ALWAYS_INCLUDED = 16 * 1024;

    /** In characters of JSON: all metadata is included until it has this size in total. */
    public static final int MAX_TOTAL = 4 * 1024 * 1024;

    private long size;

    /**
     * Whether the next session's metadata is included.
     *
     * @param length of the metadata, in characters of JSON
     */
    public boolean takes(long length) {
        if (length > ALWAYS_INCLUDED && size + length > MAX_TOTAL) {
            return false;
        }
        size += length;
        return true;
    }
}
