package ai.dreamlake.server.store;

import java.time.Instant;
import java.util.List;
import java.util.Set;

/**
 * Selects records of a session: those for which all conditions hold.
 *
 * @param levels the levels that match; all if empty
 * @param from the earliest time, inclusive; null for no limit
 * @param to the latest time, inclusive; null for no limit
 * @param after only records with a greater number match; -1 for all
 * @param before only records with a smaller number match; {@link Long#MAX_VALUE} for all
 * @param search a text that the message must contain, ignoring case in any script; null for any message
 * @param conditions on the metadata; none if empty
 */
public record RecordFilter(
        Set<Level> levels,
        Instant from,
        Instant to,
        long after,
        long before,
        String search,
        List<Condition> conditions) {

    /** All records. */
    public static final RecordFilter ALL = new RecordFilter(Set.of(), null, null, -1, Long.MAX_VALUE, null, List.of());

    /** The same filter, with other limits for the numbers. */
    public RecordFilter between(long after, long before) {
        return new RecordFilter(levels, from, to, after, before, search, conditions);
    }
}
