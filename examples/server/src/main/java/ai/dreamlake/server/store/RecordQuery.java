package ai.dreamlake.server.store;

/**
 * Which records of a session are wanted.
 *
 * @param limit how many at most, from 1 on
 * @param offset how many to leave out before them, of those that fit
 * @param order by what they are sorted; those of the same time by their numbers
 * @param descending whether the last one comes first
 * @param filter which ones fit
 */
public record RecordQuery(int limit, long offset, Order order, boolean descending, RecordFilter filter) {

    /** What records are sorted by. */
    public enum Order {
        NUMBER,
        TIMESTAMP
    }

    /** The first records behind a number. */
    public static RecordQuery after(long number, int limit) {
        return first(limit, RecordFilter.ALL.between(number, Long.MAX_VALUE));
    }

    /** The first records that fit. */
    public static RecordQuery first(int limit, RecordFilter filter) {
        return new RecordQuery(limit, 0, Order.NUMBER, false, filter);
    }
}
