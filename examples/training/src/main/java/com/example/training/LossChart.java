package com.example.training;

import java.io.PrintStream;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** A small chart for any terminal: a column for each epoch, in plain ASCII. */
final class LossChart {

    private static final int HEIGHT = 10;

    private LossChart() {}

    /** @param losses one for each epoch, at least one, all finite */
    static void print(String title, List<Double> losses, PrintStream out) {
        double max = Collections.max(losses);
        double min = Collections.min(losses);
        out.println(title);
        for (int row = 0; row < HEIGHT; row++) {
            double level = max - row * (max - min) / (HEIGHT - 1);
            StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "%8.4f |", level));
            for (double loss : losses) {
                line.append(rowOf(loss, min, max) == row ? '*' : ' ');
            }
            out.println(line.toString().stripTrailing());
        }
        out.println("         +" + "-".repeat(losses.size()));
    }

    /** The highest loss is in the first row, the lowest in the last. */
    private static long rowOf(double loss, double min, double max) {
        return max == min ? 0 : Math.round((HEIGHT - 1) * (max - loss) / (max - min));
    }
}
