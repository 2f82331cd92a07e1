package ai.dreamlake.server.store;

/**
 * Consecutive numbers of records in a session, or of points in a track.
 *
 * @param start the first one
 * @param count how many they are
 */
public record Numbers(long start, int count) {

    /** One past the last one. */
    public long end() {
        return start + count;
    }
}
