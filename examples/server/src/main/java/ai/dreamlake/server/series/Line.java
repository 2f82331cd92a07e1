package ai.dreamlake.server.series;

import java.util.List;

/**
 * A value through a whole session.
 *
 * @param count how many records have it
 * @param end one past the number of the last record that was looked at
 * @param points some of them; all if they are few
 */
public record Line(long count, long end, List<Point> points) {}
