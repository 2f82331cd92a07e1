package ai.dreamlake.server.series;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Takes any number of points, and keeps a limited number: those that the line's shape needs. The axis is divided into
 * buckets of equal width. The width doubles whenever too many points are kept. So a line of few points is kept whole.
 *
 * <p>Points may arrive in any order; the result does not depend on it. Not thread-safe.
 */
final class Buckets {

    private final int limit;

    /** A bucket's width is two to the power of this. At {@code Long.SIZE} or more, one bucket has everything. */
    private int widthLog;

    /** By their positions, in units of the width. */
    private TreeMap<Long, Bucket> buckets = new TreeMap<>();

    private int size;
    private long count;

    /** @param limit maximum number of points kept; five or more, because one bucket may have five */
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
        // However often -1 is halved, it never becomes 0.
        narrow.forEach((key, bucket) -> add(buckets, widthLog < Long.SIZE ? key >> 1 : 0, bucket));
    }

    /** How many points were added. */
    long count() {
        return count;
    }

    /** The points kept, or fewer of them, in the order of the axis. */
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
