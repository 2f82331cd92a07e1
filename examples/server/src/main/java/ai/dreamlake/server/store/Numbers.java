package ai.dreamlake.server.store;

/**
 * Consecutive numbers of records in a session, or of points in a track.
 *
 * @param start the first number
 * @param count how many numbers
 */
public record Numbers(long start, int count) {

    /** One past the last number. */
    public long end() {
        return start + count;
    }
}
