package ai.dreamlake.server.store;

import java.time.Instant;
import java.util.Set;

/**
 * Which records of a session are wanted.
 *
 * @param limit how many at most, from 1 on
 * @param offset how many to leave out before them, of those that fit
 * @param order by what they are sorted; those of the same time by their numbers
 * @param descending whether the last one comes first
 * @param levels those that fit; all if empty
 * @param from the earliest time that fits, itself included; null for no limit
 * @param to the latest time that fits, itself included; null for no limit
 * @param after only records with a greater number fit; -1 for all
 * @param before only records with a smaller number fit; {@link Long#MAX_VALUE} for all
 * @param search what the message has to contain, whatever the case of its letters, in any script; null for anything
 */
public record RecordQuery(
        int limit,
        long offset,
        Order order,
        boolean descending,
        Set<Level> levels,
        Instant from,
        Instant to,
        long after,
        long before,
        String search) {

    /** What records are sorted by. */
    public enum Order {
        NUMBER,
        TIMESTAMP
    }

    /** The first records behind a number. */
    public static RecordQuery after(long number, int limit) {
        return new RecordQuery(limit, 0, Order.NUMBER, false, Set.of(), null, null, number, Long.MAX_VALUE, null);
    }
}
