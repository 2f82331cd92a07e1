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
 * Follows values through sessions. Lines that were requested lately are cached, and then only new records are read. A
 * cached line keeps the points of records that retention has deleted. So where records are deleted, a line is read
 * again after {@link #MAX_CACHED}.
 *
 * <p>Thread-safe. Callers that ask for the same line wait for each other.
 */
public final class Series {

    /** The axis of a line: the number of each record. */
    public static final String BY_NUMBER = "number";

    /** The axis of a line: the time of each record. Any other name means another value in the same record. */
    public static final String BY_TIME = "time";

    /** Maximum number of points of a line. A cached line takes about 100 bytes for each. */
    public static final int MAX_POINTS = 2000;

    /** The number of points that one bucket may have; a line cannot be limited to fewer. */
    public static final int MIN_POINTS = 5;

    /** How long a line is cached where old records are deleted. */
    public static final Duration MAX_CACHED = Duration.ofHours(1);

    private static final long MICROS_IN_SECOND = 1_000_000;
    private static final int NANOS_IN_MICRO = 1000;

    /** Maximum number of cached lines. */
    private static final int MAX_LINES = 200;

    private final LogStore store;
    private final InstantSource clock;
    private final boolean isForgetful;

    /** Guarded by itself. The line that was requested last comes last. */
    private final Map<Key, Kept> lines = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Kept> eldest) {
            return size() > MAX_LINES;
        }
    };

    /** @param isForgetful whether old records are deleted from the store, by any server */
    public Series(LogStore store, InstantSource clock, boolean isForgetful) {
        this.store = store;
        this.clock = clock;
        this.isForgetful = isForgetful;
    }

    private record Key(String session, String name, String axis) {}

    /**
     * A line through all records of a session.
     *
     * @param session one that exists and belongs to the user
     * @param name of the value, as in {@link SeriesQuery}
     * @param axis {@link #BY_NUMBER}, {@link #BY_TIME}, or the name of another value. Points where that value is absent
     *     or not finite are left out, and the rest are in the order of their records
     * @param most maximum number of points: from {@link #MIN_POINTS} to {@link #MAX_POINTS}
     * @throws ai.dreamlake.server.store.StoreException if the store throws it. What was read until then is kept, and
     *     the next attempt continues there
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
     * A piece of a line, with as many points as a whole line may have. It is read from the store each time, and is not
     * cached. Its {@link Line#count} is that of the piece.
     *
     * @param first the number of the first record
     * @param last the number of the last record, inclusive
     * @throws ai.dreamlake.server.store.StoreException if the store throws it
     */
    public Line piece(String session, String name, long first, long last, int most) {
        return piece(session, name, first, last, BY_NUMBER, point -> true, most);
    }

    /**
     * A piece of a line along time. Records may have been stored in any order.
     *
     * @param from the earliest time, inclusive; null for no limit
     * @param to the latest time, inclusive; null for no limit
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

    /** Microseconds since 1970. {@link ChronoUnit#between} counts nanoseconds, which overflow after three centuries. */
    private static long micros(Instant time) {
        return time.getEpochSecond() * MICROS_IN_SECOND + time.getNano() / NANOS_IN_MICRO;
    }

    /** A cached line. */
    private final class Kept {

        private final Key key;
        private final String x;
        private final Instant begun;

        /** Guarded by this, as are the fields below. */
        private final Buckets buckets = new Buckets(MAX_POINTS);

        /** The number of the next record to read. */
        private long next;

        Kept(Key key, Instant begun) {
            this.key = key;
            this.begun = begun;
            this.x = key.axis().equals(BY_NUMBER) || key.axis().equals(BY_TIME) ? null : key.axis();
        }

        boolean isOld(Instant now) {
            return !now.isBefore(begun.plus(MAX_CACHED));
        }

        synchronized Line upToDate(int most) {
            // At or after the end, records with lower numbers may still be missing.
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
