package ai.dreamlake.server.series;

import java.util.List;

/**
 * A value through a whole session.
 *
 * @param count how many records have the value
 * @param end one past the number of the last record that was read
 * @param points some of the values; all of them if they are few
 */
public record Line(long count, long end, List<Point> points) {}
