package ai.dreamlake.server.http;

import ai.dreamlake.server.store.Metrics;
import ai.dreamlake.server.store.StoredRecord;
import java.io.IOException;
import java.io.Writer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Records as a table, as RFC 4180 has it: a column for each name in the metadata, flattened with dots.
 *
 * <pre>
 *   timestamp,level,message,sequenceNumber,train_loss,eval.loss
 *   2025-10-29T10:30:05.000000Z,info,Epoch done,1,0.5,
 * </pre>
 *
 * <p>Numbers, {@code true} and {@code false} stand as they are, arrays as JSON. What a record does not have, and null,
 * is empty. A text that a spreadsheet might run has a {@code '} before it.
 */
final class Csv {

    /** So many columns of metadata there may be. */
    static final int MOST_NAMES = 1000;

    private static final List<String> FIRST = List.of("timestamp", "level", "message", "sequenceNumber");

    /** With these a spreadsheet lets a formula begin. */
    private static final String FORMULAS = "=+-@\t\r";

    /** Texts that stand for numbers, and harm nobody. */
    private static final Set<String> NUMBERS = Set.of("NaN", "Infinity", "-Infinity");

    private static final String LINE_END = "\r\n";

    private Csv() {}

    /**
     * The names of the columns, in the order in which they come first.
     *
     * @throws ApiException 400 if they are too many
     */
    static Set<String> names(Iterator<StoredRecord> records) {
        Set<String> names = new LinkedHashSet<>();
        while (records.hasNext()) {
            JsonNode metadata = records.next().metadata();
            if (metadata != null) {
                collect(metadata, "", names);
            }
        }
        return names;
    }

    private static void collect(JsonNode object, String prefix, Set<String> names) {
        for (Map.Entry<String, JsonNode> entry : object.properties()) {
            String name = prefix + entry.getKey();
            if (entry.getValue().isObject()) {
                collect(entry.getValue(), name + ".", names);
            } else if (names.add(name) && names.size() > MOST_NAMES) {
                throw ApiException.badRequest(
                        "format", "the metadata has more than " + MOST_NAMES + " names, too many columns: take jsonl");
            }
        }
    }

    static void write(Set<String> names, Iterator<StoredRecord> records, Writer out) throws IOException {
        Stream<String> columns = names.stream().map(name -> FIRST.contains(name) ? "metadata." + name : name);
        writeLine(Stream.concat(FIRST.stream(), columns.map(Csv::harmless)).toList(), out);
        while (records.hasNext()) {
            StoredRecord record = records.next();
            List<String> cells = new ArrayList<>(List.of(
                    RecordJson.time(record.timestamp()),
                    record.level().text(),
                    harmless(record.message()),
                    Long.toString(record.number())));
            for (String name : names) {
                cells.add(record.metadata() == null ? "" : cell(Metrics.entry(record.metadata(), name)));
            }
            writeLine(cells, out);
        }
    }

    private static String cell(JsonNode entry) {
        if (entry == null || entry.isNull() || entry instanceof ObjectNode) {
            return ""; // an object's entries have columns of their own
        }
        return entry.isString() ? harmless(entry.stringValue()) : entry.toString();
    }

    private static String harmless(String text) {
        boolean isHarmless = text.isEmpty() || FORMULAS.indexOf(text.charAt(0)) < 0 || NUMBERS.contains(text);
        return isHarmless ? text : "'" + text;
    }

    private static void writeLine(List<String> cells, Writer out) throws IOException {
        String separator = "";
        for (String cell : cells) {
            out.write(separator);
            out.write(quoted(cell));
            separator = ",";
        }
        out.write(LINE_END);
    }

    private static String quoted(String cell) {
        boolean isPlain = cell.chars()
                .noneMatch(character -> character == ',' || character == '"' || character == '\r' || character == '\n');
        return isPlain ? cell : '"' + cell.replace("\"", "\"\"") + '"';
    }
}
