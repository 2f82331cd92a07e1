package ai.dreamlake.server.store;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The number of records in each of several consecutive time spans of equal length.
 *
 * @param from when the first span begins; null without spans
 * @param to the latest time that is counted, inclusive: at or before the end of the last span; null without spans
 * @param buckets one for each span, the earliest first
 */
public record Histogram(Instant from, Instant to, List<Bucket> buckets) {

    /** Without spans. */
    public static final Histogram EMPTY = new Histogram(null, null, List.of());

    /**
     * The records of one span.
     *
     * @param start when the span begins
     * @param counts the number of records per level; a level without records is absent
     */
    public record Bucket(Instant start, Map<Level, Long> counts) {}

    /** Counts records into spans. Not thread-safe. */
    public static final class Counter {

        private static final long MICROS_IN_SECOND = 1_000_000;
        private static final int NANOS_IN_MICRO = 1000;

        private final Instant from;
        private final Instant to;
        private final long width;
        private final List<Bucket> buckets = new ArrayList<>();

        /**
         * @param from in whole microseconds
         * @param to in whole microseconds, not before {@code from}
         * @param most maximum number of spans; there are fewer only if they would be shorter than a few microseconds
         */
        public Counter(Instant from, Instant to, int most) {
            this.from = from;
            this.to = to;
            long micros = micros(to) + 1;
            width = (micros - 1) / most + 1;
            for (long start = 0; start < micros; start += width) {
                buckets.add(new Bucket(from.plus(start, ChronoUnit.MICROS), new EnumMap<>(Level.class)));
            }
        }

        /** {@link ChronoUnit#between} counts nanoseconds, which overflow after three centuries. */
        private long micros(Instant time) {
            return (time.getEpochSecond() - from.getEpochSecond()) * MICROS_IN_SECOND
                    + (time.getNano() - from.getNano()) / NANOS_IN_MICRO;
        }

        /** The length of a span in microseconds. */
        public long width() {
            return width;
        }

        /** @param time from {@code from} to {@code to} */
        public void add(Instant time, Level level) {
            add((int) (micros(time) / width), level, 1);
        }

        /** @param bucket index of the span, from 0 */
        public void add(int bucket, Level level, long count) {
            buckets.get(bucket).counts().merge(level, count, Long::sum);
        }

        /** The result of the count. */
        public Histogram done() {
            return new Histogram(from, to, buckets);
        }
    }
}
