package ai.dreamlake.server.store;

/**
 * Which sessions in one list come with their metadata: so a list of many sessions does not take more memory than there
 * is. Not thread-safe.
 */
public final class ListedMetadata {

    /** In characters of JSON: metadata that is no larger always comes. */
    public static final int SMALL = 16 * 1024;

    /** In characters of JSON: until so much has come, all comes. */
    public static final int MUCH = 4 * 1024 * 1024;

    private long size;

    /**
     * Whether the next session comes with its metadata.
     *
     * @param length of the metadata, in characters of JSON
     */
    public boolean takes(long length) {
        if (length > SMALL && size + length > MUCH) {
            return false;
        }
        size += length;
        return true;
    }
}
