package ai.dreamlake.server.series;

import ai.dreamlake.server.store.LogStore;
import ai.dreamlake.server.store.RecordFilter;
import ai.dreamlake.server.store.RecordQuery;
import ai.dreamlake.server.store.RecordQuery.Order;
import ai.dreamlake.server.store.SeriesPoint;
import ai.dreamlake.server.store.SeriesQuery;
import ai.dreamlake.server.store.StoredRecord;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Follows values through sessions. What was asked for lately is kept: then only the records are read that have come
 * since. A record that is deleted because it is old stays in a line that is kept, for {@link #LONGEST_KEPT} at most if
 * records are deleted at all: then lines are read anew.
 *
 * <p>Thread-safe. Who asks for the same line as somebody else waits for them.
 */
public final class Series {

    /** The axis of a line: the number of each record. */
    public static final String BY_NUMBER = "number";

    /** The axis of a line: the time of each record. Any other name is that of another value in the same record. */
    public static final String BY_TIME = "time";

    /** So many points a line may have. A line that is kept takes some 100 bytes for each. */
    public static final int MOST_POINTS = 2000;

    /** So few one bucket may have. */
    public static final int FEWEST_POINTS = 5;

    /** How long a line is kept where old records are deleted. */
    public static final Duration LONGEST_KEPT = Duration.ofHours(1);

    private static final long MICROS_IN_SECOND = 1_000_000;
    private static final int NANOS_IN_MICRO = 1000;

    /** So many lines are kept. */
    private static final int MOST_LINES = 200;

    private final LogStore store;
    private final InstantSource clock;
    private final boolean isForgetful;

    /** Guarded by itself; the line that was asked for last comes last. */
    private final Map<Key, Kept> lines = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Kept> eldest) {
            return size() > MOST_LINES;
        }
    };

    /** @param isForgetful whether old records are deleted from the store, by whatever server */
    public Series(LogStore store, InstantSource clock, boolean isForgetful) {
        this.store = store;
        this.clock = clock;
        this.isForgetful = isForgetful;
    }

    private record Key(String session, String name, String axis) {}

    /**
     * A line through all records of a session.
     *
     * @param session one that exists, and is the user's
     * @param name of the value, as in {@link SeriesQuery}
     * @param axis {@link #BY_NUMBER}, {@link #BY_TIME}, or the name of another value; points without that, or where it
     *     is not finite, are left out, and the rest are in the order of their records
     * @param most how many points it may have: from {@link #FEWEST_POINTS} to {@link #MOST_POINTS}
     * @throws ai.dreamlake.server.store.StoreException as the store does; what was read until then is kept, so that the
     *     next attempt goes on there
     */
    public Line line(String session, String name, String axis, int most) {
        Kept line;
        synchronized (lines) {
            Instant now = clock.instant();
            line = lines.compute(
                    new Key(session, name, axis),
                    (key, kept) -> kept == null || isForgetful && kept.isOld(now) ? new Kept(key, now) : kept);
        }
        return line.upToDate(most);
    }

    /**
     * A piece of a line, with as many points as a whole one may have. It is read anew each time, and nothing of it is
     * kept. Its {@link Line#count} is that of the piece.
     *
     * @param first the number of the first record that counts
     * @param last the number of the last one
     * @throws ai.dreamlake.server.store.StoreException as the store does
     */
    public Line piece(String session, String name, long first, long last, int most) {
        return piece(session, name, first, last, BY_NUMBER, point -> true, most);
    }

    /**
     * A piece of a line along time. Records may have come in any order.
     *
     * @param from the earliest time that counts; null for no limit
     * @param to the latest one; null for no limit
     * @see #piece(String, String, long, long, int)
     */
    public Line piece(String session, String name, Instant from, Instant to, int most) {
        RecordFilter filter = new RecordFilter(Set.of(), from, to, -1, Long.MAX_VALUE, null, List.of());
        List<StoredRecord> first =
                store.records(session, RecordQuery.first(1, filter)).items();
        List<StoredRecord> last = store.records(session, new RecordQuery(1, 0, Order.NUMBER, true, filter))
                .items();
        if (first.isEmpty() || last.isEmpty()) {
            return new Line(0, store.end(session), List.of());
        }
        return piece(
                session,
                name,
                first.get(0).number(),
                last.get(0).number(),
                BY_TIME,
                point -> (from == null || !point.timestamp().isBefore(from))
                        && (to == null || !point.timestamp().isAfter(to)),
                most);
    }

    private Line piece(
            String session, String name, long first, long last, String axis, Predicate<SeriesPoint> fits, int most) {
        Buckets buckets = new Buckets(most);
        long end = store.end(session);
        long before = last >= end ? end : last + 1;
        store.series(session, new SeriesQuery(name, null, first - 1, before), point -> {
            if (fits.test(point)) {
                buckets.add(new Point(axis.equals(BY_TIME) ? micros(point.timestamp()) : point.number(), point));
            }
        });
        return new Line(buckets.count(), end, buckets.points(most));
    }

    /** Since 1970. {@link ChronoUnit#between} counts nanoseconds, and has no numbers for three centuries. */
    private static long micros(Instant time) {
        return time.getEpochSecond() * MICROS_IN_SECOND + time.getNano() / NANOS_IN_MICRO;
    }

    /** What is known of a line. */
    private final class Kept {

        private final Key key;
        private final String x;
        private final Instant begun;

        /** Guarded by this, as all that follows. */
        private final Buckets buckets = new Buckets(MOST_POINTS);

        /** The next record to be looked at. */
        private long next;

        Kept(Key key, Instant begun) {
            this.key = key;
            this.begun = begun;
            this.x = key.axis().equals(BY_NUMBER) || key.axis().equals(BY_TIME) ? null : key.axis();
        }

        boolean isOld(Instant now) {
            return !now.isBefore(begun.plus(LONGEST_KEPT));
        }

        synchronized Line upToDate(int most) {
            // Behind the end, one may still be missing that has a lower number.
            long end = store.end(key.session());
            if (next < end) {
                store.series(key.session(), new SeriesQuery(key.name(), x, next - 1), point -> take(point, end));
                next = end;
            }
            return new Line(buckets.count(), next, buckets.points(most));
        }

        private void take(SeriesPoint point, long end) {
            if (point.number() >= end) {
                return;
            }
            next = point.number() + 1;
            if (x == null || Double.isFinite(point.x())) {
                buckets.add(new Point(position(point), point));
            }
        }

        private long position(SeriesPoint point) {
            return switch (key.axis()) {
                case BY_NUMBER -> point.number();
                case BY_TIME -> micros(point.timestamp());
                default -> buckets.count();
            };
        }
    }
}
