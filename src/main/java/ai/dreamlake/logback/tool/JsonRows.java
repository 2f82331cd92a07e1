package ai.dreamlake.logback.tool;

import ai.dreamlake.logback.internal.io.LenientJson;
import java.io.IOException;
import java.io.Writer;
import java.util.Map;

/** A table as JSON lines: an object for each row, formatted as in a log. */
final class JsonRows implements RowTarget {

    private final Writer out;

    JsonRows(Writer out) {
        this.out = out;
    }

    @Override
    public void row(Map<String, FieldValue> row) throws IOException {
        String separator = "{";
        for (Map.Entry<String, FieldValue> field : row.entrySet()) {
            out.write(separator);
            out.write(quoted(field.getKey()));
            out.write(": ");
            out.write(json(field.getValue()));
            separator = ", ";
        }
        out.write(row.isEmpty() ? "{}\n" : "}\n");
    }

    private static String json(FieldValue value) {
        return switch (value.kind()) {
            case TEXT -> quoted(value.text());
            case NUMBER -> {
                Double number = value.number();
                boolean isNamed =
                        Character.isLetter(value.text().charAt(value.text().length() - 1));
                yield isNamed ? quoted(String.valueOf(number)) : value.text(); // JSON has no NaN
            }
            case BOOLEAN, NULL, JSON -> value.text();
        };
    }

    /** Escapes also the characters that some programs treat as the end of a line. */
    private static String quoted(String text) {
        return LenientJson.TREES
                .writeValueAsString(text)
                .replace("\u007f", "\\u007f")
                .replace("\u0085", "\\u0085")
                .replace("\u2028", "\\u2028")
                .replace("\u2029", "\\u2029");
    }
}
