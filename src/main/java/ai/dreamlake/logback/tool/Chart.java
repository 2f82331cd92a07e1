package ai.dreamlake.logback.tool;

import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;

/**
 * A chart of several series for a terminal. With colours, each series has its own colour, and a character shows two by
 * four dots. Without colours, each series is drawn with its letter, and {@code *} marks where several meet.
 */
final class Chart {

    private static final int WIDTH = 72;
    private static final int HEIGHT = 12;

    /** The first of the Braille characters, which are consecutive in Unicode; each of their dots is a bit. */
    private static final char NO_DOTS = '\u2800';

    private static final int[][] DOTS = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};

    private final Colors colors;
    private final int columns;
    private final int rows;
    private final int[][] dots = new int[HEIGHT][WIDTH];

    /** One past the index of the series in a cell; 0 if there is none, -1 if there are several. */
    private final int[][] owners = new int[HEIGHT][WIDTH];

    private double minStep = Double.POSITIVE_INFINITY;
    private double maxStep = Double.NEGATIVE_INFINITY;
    private double min = Double.POSITIVE_INFINITY;
    private double max = Double.NEGATIVE_INFINITY;

    private Chart(Colors colors) {
        this.colors = colors;
        this.columns = colors.areOn() ? 2 * WIDTH : WIDTH;
        this.rows = colors.areOn() ? 4 * HEIGHT : HEIGHT;
    }

    /** @param series some may be empty. Numbers that are not finite are left out */
    static void print(String title, List<Series> series, Colors colors, PrintWriter out) {
        Chart chart = new Chart(colors);
        series.forEach(chart::measure);
        if (chart.min > chart.max) {
            return; // there is nothing to draw
        }
        for (int i = 0; i < series.size(); i++) {
            chart.draw(series.get(i), i);
        }
        chart.print(title, out);
    }

    private void measure(Series series) {
        for (int i = 0; i < series.size(); i++) {
            double value = series.value(i);
            if (Double.isFinite(value)) {
                min = Math.min(min, value);
                max = Math.max(max, value);
                minStep = Math.min(minStep, series.step(i));
                maxStep = Math.max(maxStep, series.step(i));
            }
        }
    }

    private void draw(Series series, int index) {
        int lastColumn = -1;
        int lastRow = -1;
        for (int i = 0; i < series.size(); i++) {
            if (!Double.isFinite(series.value(i))) {
                lastColumn = -1; // the line has a gap here
                continue;
            }
            int column = place(series.step(i), minStep, maxStep, columns);
            int row = rows - 1 - place(series.value(i), min, max, rows);
            if (lastColumn < 0) {
                mark(column, row, index + 1);
            } else {
                line(lastColumn, lastRow, column, row, index + 1);
            }
            lastColumn = column;
            lastRow = row;
        }
    }

    private void line(int fromColumn, int fromRow, int column, int row, int owner) {
        int length = Math.max(1, Math.max(column - fromColumn, Math.abs(row - fromRow)));
        for (int i = 1; i <= length; i++) {
            mark(
                    fromColumn + Math.round((float) i * (column - fromColumn) / length),
                    fromRow + Math.round((float) i * (row - fromRow) / length),
                    owner);
        }
    }

    /** Computes with halves, so that no difference overflows a double. */
    private static int place(double value, double from, double to, int count) {
        double range = to / 2 - from / 2;
        return range == 0 ? 0 : (int) Math.round((value / 2 - from / 2) / range * (count - 1));
    }

    private void mark(int column, int row, int owner) {
        int x = column * WIDTH / columns;
        int y = row * HEIGHT / rows;
        dots[y][x] |= DOTS[row % 4][column % 2];
        boolean isShared = owners[y][x] != 0 && owners[y][x] != owner;
        owners[y][x] = isShared && !colors.areOn() ? -1 : owner;
    }

    private void print(String title, PrintWriter out) {
        String top = label(max);
        String bottom = label(min);
        int width = Math.max(top.length(), bottom.length());
        out.println(colors.bold(title));
        for (int y = 0; y < HEIGHT; y++) {
            String label = y == 0 ? top : y == HEIGHT - 1 ? bottom : "";
            StringBuilder line = new StringBuilder(" ".repeat(width - label.length()) + label + " |");
            for (int x = 0; x < WIDTH; x++) {
                line.append(cell(x, y));
            }
            out.println(line.toString().stripTrailing());
        }
        out.println(" ".repeat(width) + " +" + "-".repeat(WIDTH));
        String from = PlainNumber.text(minStep);
        String to = PlainNumber.text(maxStep);
        out.println(" ".repeat(width + 2) + from + " ".repeat(Math.max(1, WIDTH - from.length() - to.length())) + to);
    }

    private String cell(int x, int y) {
        int owner = owners[y][x];
        if (owner == 0) {
            return " ";
        }
        return colors.areOn()
                ? style(owner - 1, colors).apply(String.valueOf((char) (NO_DOTS + dots[y][x])))
                : owner < 0 ? "*" : letter(owner - 1);
    }

    private static String label(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e7
                ? PlainNumber.text(value)
                : String.format(Locale.ROOT, "%.4g", value);
    }

    /** The letter of a run: A, B, C and so on. */
    static String letter(int run) {
        return String.valueOf((char) ('A' + run));
    }

    /** The colour of a run. */
    static UnaryOperator<String> style(int run, Colors colors) {
        return switch (run % 4) {
            case 0 -> colors::name;
            case 1 -> colors::notable;
            case 2 -> colors::good;
            default -> colors::bad;
        };
    }
}
