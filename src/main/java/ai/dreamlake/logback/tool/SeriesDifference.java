package ai.dreamlake.logback.tool;

import org.jspecify.annotations.Nullable;

/**
 * How two series differ at the steps that both have.
 *
 * @param common how many steps both have
 * @param differing at how many of them they differ
 * @param first the first difference; null if there is none
 */
record SeriesDifference(int common, int differing, @Nullable Point first) {

    /** A step, and the value of each series there. */
    record Point(double step, double one, double other) {}

    /** @param tolerance how much two numbers may differ, relative to the larger one */
    static SeriesDifference of(Series one, Series other, double tolerance) {
        int common = 0;
        int differing = 0;
        Point first = null;
        int i = 0;
        int j = 0;
        while (i < one.size() && j < other.size()) {
            double step = one.step(i);
            double otherStep = other.step(j);
            if (step < otherStep) {
                i++;
            } else if (step > otherStep) {
                j++;
            } else {
                common++;
                if (!areEqual(one.value(i), other.value(j), tolerance)) {
                    differing++;
                    first = first == null ? new Point(step, one.value(i), other.value(j)) : first;
                }
                i++;
                j++;
            }
        }
        return new SeriesDifference(common, differing, first);
    }

    /** NaN equals NaN: both runs failed in the same way. */
    private static boolean areEqual(double one, double other, double tolerance) {
        return one == other
                || Double.isNaN(one) && Double.isNaN(other)
                || Math.abs(one - other) <= tolerance * Math.max(Math.abs(one), Math.abs(other))
                        && Double.isFinite(one)
                        && Double.isFinite(other);
    }
}
