package ai.dreamlake.server.series;

import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * The points kept of a run of neighbouring points.
 *
 * @param min the lowest finite one; null if none is finite
 * @param max the highest finite one; null if none is finite
 * @param odd the first one that is NaN or infinite; null if there is none
 */
record Bucket(Point first, Point min, Point max, Point last, Point odd) {

    static Bucket of(Point point) {
        return point.isFinite()
                ? new Bucket(point, point, point, point, null)
                : new Bucket(point, null, null, point, point);
    }

    /** Both buckets merged into one. */
    Bucket and(Bucket other) {
        return new Bucket(
                earlier(first, other.first),
                lower(min, other.min),
                higher(max, other.max),
                earlier(last, other.last) == last ? other.last : last,
                earlier(odd, other.odd));
    }

    private static Point earlier(Point one, Point other) {
        if (one == null || other == null) {
            return one == null ? other : one;
        }
        return Point.ORDER.compare(one, other) <= 0 ? one : other;
    }

    /** Of equal points, the earlier one wins, in whatever order buckets were merged. */
    private static Point lower(Point one, Point other) {
        if (one == null || other == null) {
            return one == null ? other : one;
        }
        int order = Double.compare(one.value(), other.value());
        return order == 0 ? earlier(one, other) : order < 0 ? one : other;
    }

    private static Point higher(Point one, Point other) {
        if (one == null || other == null) {
            return one == null ? other : one;
        }
        int order = Double.compare(one.value(), other.value());
        return order == 0 ? earlier(one, other) : order > 0 ? one : other;
    }

    /** Each point once, in order. */
    List<Point> points() {
        return Stream.of(first, min, max, last, odd)
                .filter(Objects::nonNull)
                .distinct()
                .sorted(Point.ORDER)
                .toList();
    }

    /** The number of {@link #points}. */
    int size() {
        int size = 1;
        if (last != first) {
            size++;
        }
        if (min != null && min != first && min != last) {
            size++;
        }
        if (max != null && max != first && max != last && max != min) {
            size++;
        }
        if (odd != null && odd != first && odd != last) {
            size++;
        }
        return size;
    }
}
