package ai.dreamlake.server.series;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Any number of points, of which a limited number is kept: those that the line's shape needs. The axis is cut into
 * buckets of the same width, which is doubled whenever too many points are kept. So a line of few points is whole.
 *
 * <p>Points may come in any order, and what is kept does not depend on it. Not thread-safe.
 */
final class Buckets {

    private final int limit;

    /** A bucket's width is two to the power of it. From the number of a long's bits on, one bucket has everything. */
    private int widthLog;

    /** By their positions, in units of the width. */
    private TreeMap<Long, Bucket> buckets = new TreeMap<>();

    private int size;
    private long count;

    /** @param limit so many points are kept at most: five or more, which one bucket may have */
    Buckets(int limit) {
        this.limit = limit;
    }

    void add(Point point) {
        count++;
        add(buckets, widthLog < Long.SIZE ? point.position() >> widthLog : 0, Bucket.of(point));
        while (size > limit) {
            widen();
        }
    }

    private void add(Map<Long, Bucket> to, long key, Bucket bucket) {
        Bucket before = to.get(key);
        Bucket after = before == null ? bucket : before.and(bucket);
        to.put(key, after);
        size += after.size() - (before == null ? 0 : before.size());
    }

    private void widen() {
        TreeMap<Long, Bucket> narrow = buckets;
        buckets = new TreeMap<>();
        size = 0;
        widthLog++;
        // However often it is halved, -1 never becomes 0.
        narrow.forEach((key, bucket) -> add(buckets, widthLog < Long.SIZE ? key >> 1 : 0, bucket));
    }

    /** How many points have come. */
    long count() {
        return count;
    }

    /** What is kept, or less of it, in the order of the axis. */
    List<Point> points(int most) {
        Buckets coarse = new Buckets(most);
        coarse.widthLog = widthLog;
        buckets.forEach((key, bucket) -> coarse.add(coarse.buckets, key, bucket));
        while (coarse.size > most) {
            coarse.widen();
        }
        return coarse.buckets.values().stream()
                .flatMap(bucket -> bucket.points().stream())
                .toList();
    }
}
