package ai.dreamlake.logback.tool;

import java.io.IOException;
import java.io.Writer;
import java.util.List;
import java.util.Map;

/**
 * A table as comma-separated values: a first line of names, then a line for each row. It follows RFC 4180, except that
 * lines end with a line feed only. A missing or null value is empty.
 */
final class CsvRows implements RowTarget {

    private final Writer out;
    private final List<String> columns;

    CsvRows(Writer out, List<String> columns) throws IOException {
        this.out = out;
        this.columns = columns;
        String separator = "";
        for (String column : columns) {
            out.write(separator);
            out.write(quoted(column));
            separator = ",";
        }
        out.write("\n");
    }

    @Override
    public void row(Map<String, FieldValue> row) throws IOException {
        String separator = "";
        for (String column : columns) {
            FieldValue value = row.get(column);
            out.write(separator);
            if (value != null && value.kind() != FieldValue.Kind.NULL) {
                out.write(quoted(value.text()));
            }
            separator = ",";
        }
        out.write("\n");
    }

    private static String quoted(String text) {
        boolean isPlain = text.chars().noneMatch(c -> c == '"' || c == ',' || c == '\n' || c == '\r');
        return isPlain ? text : "\"" + text.replace("\"", "\"\"") + "\"";
    }
}
