package ai.dreamlake.logback.tool;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * Prints lines of logs for people: one record a line, and below it its texts of several lines, such as a stack trace.
 *
 * <pre>
 *   2025-10-29T10:30:05.000000Z INFO  Epoch 1 complete  epoch=1 train_loss=0.5
 * </pre>
 */
final class RecordPrinter {

    /** The longest line that is parsed, in bytes. Of a longer one only the length is printed. */
    static final int MAX_LINE = 1 << 20;

    private static final String INDENT = "    ";

    private final PrintWriter out;
    private final Colors colors;
    private final RecordFilter filter;
    private final boolean raw;
    private final boolean isOnTerminal = Terminal.isStandardOutput();

    /** @param raw whether lines are printed as they are */
    RecordPrinter(PrintWriter out, Colors colors, RecordFilter filter, boolean raw) {
        this.out = out;
        this.colors = colors;
        this.filter = filter;
        this.raw = raw;
    }

    /** Whether a line would be printed. A line that is not a record is printed only without a filter. */
    boolean accepts(LineReader.Line line) {
        if (filter.isEmpty()) {
            return true;
        }
        LogRecord record = line.isWhole() ? LogRecord.parse(line.bytes()) : null;
        return record != null && filter.accepts(record);
    }

    void print(LineReader.Line line) {
        if (!accepts(line)) {
            return;
        }
        if (raw && line.isWhole()) {
            String text = text(line.bytes());
            out.println(isOnTerminal ? Printable.line(text) : text); // the same JSON, but without an effect
            return;
        }
        LogRecord record = line.isWhole() ? LogRecord.parse(line.bytes()) : null;
        if (record != null) {
            print(record);
        } else if (line.isWhole() && line.length() <= 1000) {
            out.println(colors.dim("(not a record) " + Printable.line(text(line.bytes()))));
        } else {
            out.println(colors.dim("(a line of " + Sizes.shown(line.length()) + ")"));
        }
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private void print(LogRecord record) {
        String level = Printable.line(record.level());
        List<String> below = new ArrayList<>();
        StringBuilder line = new StringBuilder()
                .append(colors.dim(Printable.line(record.timestamp())))
                .append(' ')
                .append(colors.level(level, String.format(Locale.ROOT, "%-5s", level.toUpperCase(Locale.ROOT))))
                .append(' ')
                .append(firstLine(record.message(), "", below));
        JsonNode metadata = record.metadata();
        if (metadata.isObject()) {
            String gap = "  ";
            for (Map.Entry<String, JsonNode> entry : metadata.properties()) {
                append(line.append(gap), entry.getKey(), entry.getValue(), below);
                gap = " ";
            }
        } else if (!metadata.isMissingNode() && !metadata.isNull()) {
            line.append("  ").append(Printable.line(metadata.toString()));
        }
        out.println(line);
        below.forEach(out::println);
    }

    private void append(StringBuilder line, String key, JsonNode value, List<String> below) {
        String name = Printable.line(key);
        line.append(colors.name(name + "="));
        if (value.isString()) {
            String text = value.stringValue();
            line.append(
                    text.indexOf('\n') < 0 && (text.isEmpty() || text.matches(".*[\\s\"=].*"))
                            ? Printable.line(value.toString())
                            : firstLine(text, name, below));
        } else {
            line.append(Printable.line(value.toString()));
            texts(name, value, below);
        }
    }

    /** Adds the texts of several lines in a value below the record, since they are unreadable on JSON's one line. */
    private void texts(String name, JsonNode value, List<String> below) {
        if (value.isObject()) {
            for (Map.Entry<String, JsonNode> entry : value.properties()) {
                String inner = name + "." + Printable.line(entry.getKey());
                JsonNode text = entry.getValue();
                if (text.isString() && text.stringValue().indexOf('\n') >= 0) {
                    addBlock(text.stringValue(), inner, below);
                }
                texts(inner, text, below);
            }
        }
    }

    private String firstLine(String text, String name, List<String> below) {
        int lineFeed = text.indexOf('\n');
        if (lineFeed < 0) {
            return Printable.line(text);
        }
        if (name.isEmpty()) {
            text.substring(lineFeed + 1).lines().forEach(line -> below.add(INDENT + shown(line)));
            return Printable.line(text.substring(0, lineFeed));
        }
        addBlock(text, name, below);
        return "…";
    }

    private void addBlock(String text, String name, List<String> below) {
        below.add(INDENT + colors.name(name + ":"));
        text.lines().forEach(line -> below.add(INDENT + INDENT + shown(line)));
    }

    /** The line with spaces instead of tabs, which stack traces have. */
    private static String shown(String line) {
        return Printable.line(line.replace("\t", INDENT));
    }

    /** Prints something about the log itself. */
    void note(String sentence) {
        if (!raw) {
            out.println(colors.dim("-- " + sentence + " --"));
        }
    }

    /** Flushes the output. False if its reader no longer exists. */
    boolean flush() {
        return !out.checkError();
    }
}
