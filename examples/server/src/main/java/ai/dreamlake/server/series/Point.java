package ai.dreamlake.server.series;

import ai.dreamlake.server.store.SeriesPoint;
import java.util.Comparator;

/**
 * A point of a line.
 *
 * @param position where it is on the axis, in units of the axis: a record's number, microseconds, or the index of the
 *     value
 * @param at the value in its record
 */
public record Point(long position, SeriesPoint at) {

    static final Comparator<Point> ORDER = Comparator.comparingLong(Point::position)
            .thenComparingLong(point -> point.at().number());

    double value() {
        return at.value();
    }

    boolean isFinite() {
        return Double.isFinite(at.value());
    }
}
