package ai.dreamlake.server.store;

/**
 * Asks for records of a session.
 *
 * @param limit maximum number of records, at least 1
 * @param offset how many matching records to skip
 * @param order how records are sorted; those of the same time by their numbers
 * @param descending whether the last one comes first
 * @param filter which records match
 */
public record RecordQuery(int limit, long offset, Order order, boolean descending, RecordFilter filter) {

    /** The sort order of records. */
    public enum Order {
        NUMBER,
        TIMESTAMP
    }

    /** The first records after a number. */
    public static RecordQuery after(long number, int limit) {
        return first(limit, RecordFilter.ALL.between(number, Long.MAX_VALUE));
    }

    /** The first records that match. */
    public static RecordQuery first(int limit, RecordFilter filter) {
        return new RecordQuery(limit, 0, Order.NUMBER, false, filter);
    }
}
