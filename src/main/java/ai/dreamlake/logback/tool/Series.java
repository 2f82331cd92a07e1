package ai.dreamlake.logback.tool;

import java.util.Arrays;
import java.util.Comparator;

/** The numbers of one metric over one axis. Of several numbers at one step, the last one counts. Not thread-safe. */
final class Series {

    private double[] steps = new double[8];
    private double[] values = new double[8];
    private int size;
    private boolean isSorted = true;

    /** Adds a point. If the steps do not increase, they are sorted when they are next read. */
    void add(double step, double value) {
        if (size > 0 && steps[size - 1] == step) {
            values[size - 1] = value;
            return;
        }
        if (size == steps.length) {
            steps = Arrays.copyOf(steps, 2 * size);
            values = Arrays.copyOf(values, 2 * size);
        }
        isSorted &= size == 0 || steps[size - 1] < step;
        steps[size] = step;
        values[size] = value;
        size++;
    }

    int size() {
        sort();
        return size;
    }

    double step(int index) {
        sort();
        return steps[index];
    }

    double value(int index) {
        sort();
        return values[index];
    }

    double lastValue() {
        return value(size() - 1);
    }

    private void sort() {
        if (isSorted) {
            return;
        }
        Integer[] order = new Integer[size];
        Arrays.setAll(order, i -> i);
        Arrays.sort(
                order,
                Comparator.comparingDouble(i -> steps[i])); // is stable: keeps the order of points at the same step
        double[] unsortedSteps = Arrays.copyOf(steps, size);
        double[] unsortedValues = Arrays.copyOf(values, size);
        isSorted = true;
        size = 0;
        for (int i : order) {
            add(unsortedSteps[i], unsortedValues[i]);
        }
    }
}
