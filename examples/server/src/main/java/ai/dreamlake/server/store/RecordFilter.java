package ai.dreamlake.server.store;

import java.time.Instant;
import java.util.List;
import java.util.Set;

/**
 * Which records of a session fit: those for which all of it holds.
 *
 * @param levels those that fit; all if empty
 * @param from the earliest time that fits, itself included; null for no limit
 * @param to the latest time that fits, itself included; null for no limit
 * @param after only records with a greater number fit; -1 for all
 * @param before only records with a smaller number fit; {@link Long#MAX_VALUE} for all
 * @param search what the message has to contain, whatever the case of its letters, in any script; null for anything
 * @param conditions what has to hold for the metadata; none if empty
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

    /** The same, but for the numbers. */
    public RecordFilter between(long after, long before) {
        return new RecordFilter(levels, from, to, after, before, search, conditions);
    }
}
