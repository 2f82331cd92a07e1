package ai.dreamlake.server.store.mongo;

import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How far each session's records can be read without missing one that is still being written.
 *
 * <p>A record gets its number before it is stored. If the writer dies in between, the record never arrives. So a number
 * that was given {@link #PATIENCE} ago and has no record is skipped, once there is a record after it. If the batch is
 * sent again even later, its records are stored, but a follower that has skipped them does not see them.
 *
 * <p>Numbers of records that retention has deleted are skipped at once.
 *
 * <p>Only numbers after the last known end are examined. For a session without a known end, a record that was stored
 * {@link #PATIENCE} ago proves that all numbers before it were given earlier.
 */
final class Ends {

    static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final int MAX_KNOWN = 1000;

    private final Sessions sessions;
    private final Records records;
    private final Clock clock;

    /** The sessions that were requested last. Guarded by itself. */
    private final Map<String, Known> known = new LinkedHashMap<>(MAX_KNOWN, 0.75F, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Known> eldest) {
            return size() > MAX_KNOWN;
        }
    };

    Ends(Sessions sessions, Records records, Clock clock) {
        this.sessions = sessions;
        this.records = records;
        this.clock = clock;
    }

    /**
     * What is known of a session.
     *
     * @param end see {@link ai.dreamlake.server.store.LogStore#end}
     * @param settled numbers before it were given at least {@link #PATIENCE} ago
     * @param given numbers before it had been given at time {@code millis}
     * @param millis a time in milliseconds since 1970
     */
    private record Known(long end, long settled, long given, long millis) {}

    long end(String id) {
        Sessions.Range range = sessions.range(id);
        long given = range.next();
        if (given == 0) {
            return 0;
        }
        Known before;
        synchronized (known) {
            before = known.get(id);
        }
        if (before != null && before.end == given) {
            return given;
        }
        Known now = now(id, range, before);
        synchronized (known) {
            known.merge(id, now, (other, ours) -> other.end > ours.end ? other : ours);
        }
        return now.end;
    }

    private Known now(String id, Sessions.Range range, Known before) {
        long given = range.next();
        long millis = clock.millis();
        Known now = before;
        if (now == null) {
            long settled = records.endBefore(id, clock.instant().minus(PATIENCE));
            now = new Known(settled, settled, given, millis);
        } else if (millis - now.millis >= PATIENCE.toMillis()) {
            now = new Known(now.end, now.given, given, millis);
        }
        long settled = Math.max(now.settled, range.deleted());
        long[] end = {now.end};
        records.eachNumber(id, now.end, given, number -> {
            if (number > end[0] && number > settled) {
                return false;
            }
            end[0] = number + 1;
            return true;
        });
        return new Known(end[0], settled, now.given, now.millis);
    }
}
