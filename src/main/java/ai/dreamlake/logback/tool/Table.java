package ai.dreamlake.logback.tool;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** Text in columns. Each column is as wide as its longest text. Colours are added afterwards, and take no width. */
final class Table {

    /** Adds a colour to a text whose width is already known. */
    interface Style {
        String apply(String text);
    }

    /** How a column is aligned. */
    enum Align {
        LEFT,
        RIGHT
    }

    private record Cell(String text, Style style) {}

    private static final String GAP = "  ";

    private final Align[] columns;
    private final List<List<Cell>> rows = new ArrayList<>();

    Table(Align... columns) {
        this.columns = columns;
    }

    /** Begins a row. Its cells follow. */
    Table row() {
        rows.add(new ArrayList<>());
        return this;
    }

    Table cell(String text) {
        return cell(text, plain -> plain);
    }

    Table cell(String text, Style style) {
        rows.get(rows.size() - 1).add(new Cell(text, style));
        return this;
    }

    void print(PrintWriter out) {
        int[] widths = new int[columns.length];
        for (List<Cell> row : rows) {
            for (int i = 0; i < row.size(); i++) {
                widths[i] = Math.max(widths[i], width(row.get(i).text));
            }
        }
        for (List<Cell> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < row.size(); i++) {
                Cell cell = row.get(i);
                String room = " ".repeat(widths[i] - width(cell.text));
                boolean isLast = i == row.size() - 1;
                line.append(i == 0 ? "" : GAP)
                        .append(columns[i] == Align.RIGHT ? room : "")
                        .append(cell.style.apply(cell.text))
                        .append(columns[i] == Align.LEFT && !isLast ? room : "");
            }
            out.println(line);
        }
    }

    private static int width(String text) {
        return text.codePointCount(0, text.length());
    }
}
