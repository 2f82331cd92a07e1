package ai.dreamlake.server.http;

import ai.dreamlake.server.store.StoredRecord;
import java.io.IOException;
import java.io.Writer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * Records as a table in the format of RFC 4180, with a column for each name in the metadata. Nested names are flattened
 * with dots.
 *
 * <pre>
 *   timestamp,level,message,sequenceNumber,train_loss,eval.loss
 *   2025-10-29T10:30:05.000000Z,info,Epoch done,1,0.5,
 * </pre>
 *
 * <p>Numbers, {@code true} and {@code false} are written as they are, arrays as JSON. Absent and null entries are
 * empty. A text that a spreadsheet might run gets a {@code '} before it.
 */
final class Csv {

    /** Maximum number of metadata columns. */
    static final int MAX_COLUMNS = 1000;

    private static final List<String> FIRST = List.of("timestamp", "level", "message", "sequenceNumber");

    /** A spreadsheet takes a text that begins with one of these as a formula. */
    private static final String FORMULAS = "=+-@";

    /** A text must not begin with these either. */
    private static final String STARTS = "\t\r";

    private static final char BYTE_ORDER_MARK = '\uFEFF';

    /** Texts that mean numbers, and are harmless. */
    private static final Set<String> NUMBERS = Set.of("NaN", "Infinity", "-Infinity");

    private static final String LINE_END = "\r\n";

    private Csv() {}

    /**
     * A column of metadata.
     *
     * @param name the flattened name of its entries
     * @param turn 0 for the first entry of this name in a record; 1 for a second one, as in {@code {"a.b": 1, "a":
     *     {"b": 2}}}
     */
    record Column(String name, int turn) {}

    /** @param depth 0 for an entry that is not nested */
    private record Entry(int depth, JsonNode value) {}

    /**
     * The columns, in the order in which their names first occur.
     *
     * @throws ApiException 400 if there are too many
     */
    static Set<Column> columns(Iterator<StoredRecord> records) {
        Set<Column> columns = new LinkedHashSet<>();
        while (records.hasNext()) {
            for (Column column : entries(records.next().metadata()).keySet()) {
                if (columns.add(column) && columns.size() > MAX_COLUMNS) {
                    throw ApiException.badRequest(
                            "format",
                            "the metadata has more than " + MAX_COLUMNS + " names, too many columns: use jsonl");
                }
            }
        }
        return columns;
    }

    private static Map<Column, JsonNode> entries(JsonNode metadata) {
        Map<String, List<Entry>> byName = new LinkedHashMap<>();
        if (metadata != null) {
            collect(metadata, "", 0, byName);
        }
        Map<Column, JsonNode> entries = new LinkedHashMap<>();
        byName.forEach((name, all) -> {
            // An entry whose own name has dots comes before a nested one.
            all.sort(Comparator.comparingInt(Entry::depth));
            for (int i = 0; i < all.size(); i++) {
                entries.put(new Column(name, i), all.get(i).value());
            }
        });
        return entries;
    }

    private static void collect(JsonNode object, String prefix, int depth, Map<String, List<Entry>> byName) {
        for (Map.Entry<String, JsonNode> entry : object.properties()) {
            String name = prefix + entry.getKey();
            if (entry.getValue().isObject()) {
                collect(entry.getValue(), name + ".", depth + 1, byName);
            } else {
                byName.computeIfAbsent(name, first -> new ArrayList<>()).add(new Entry(depth, entry.getValue()));
            }
        }
    }

    static void write(Set<Column> columns, Iterator<StoredRecord> records, Writer out) throws IOException {
        writeLine(Stream.concat(FIRST.stream(), titles(columns).stream()).toList(), out);
        while (records.hasNext()) {
            StoredRecord record = records.next();
            List<String> cells = new ArrayList<>(List.of(
                    RecordJson.time(record.timestamp()),
                    record.level().text(),
                    harmless(record.message()),
                    Long.toString(record.number())));
            Map<Column, JsonNode> entries = entries(record.metadata());
            for (Column column : columns) {
                cells.add(cell(entries.get(column)));
            }
            writeLine(cells, out);
        }
    }

    /**
     * The titles of the columns, all different: the name if it is free, else {@code metadata.NAME} or {@code NAME (2)}.
     */
    private static List<String> titles(Set<Column> columns) {
        Set<String> taken = new HashSet<>(FIRST);
        columns.forEach(column -> taken.add(harmless(column.name())));
        Set<String> plain = new HashSet<>(FIRST);
        List<String> titles = new ArrayList<>();
        for (Column column : columns) {
            String name = harmless(column.name());
            String title = name;
            if (!plain.add(name)) {
                String other = FIRST.contains(name) ? "metadata." + name : name;
                title = other;
                for (int i = 2; !taken.add(title); i++) {
                    title = other + " (" + i + ")";
                }
            }
            titles.add(title);
        }
        return titles;
    }

    private static String cell(JsonNode entry) {
        if (entry == null || entry.isNull()) {
            return "";
        }
        return entry.isString() ? harmless(entry.stringValue()) : entry.toString();
    }

    /** A spreadsheet skips some characters at the beginning of a text, so a formula may come after them. */
    private static String harmless(String text) {
        int start = 0;
        while (start < text.length() && isSkipped(text.charAt(start))) {
            start++;
        }
        boolean isFormula = start < text.length() && FORMULAS.indexOf(text.charAt(start)) >= 0;
        boolean isHarmless =
                text.isEmpty() || NUMBERS.contains(text) || !isFormula && STARTS.indexOf(text.charAt(0)) < 0;
        return isHarmless ? text : "'" + text;
    }

    private static boolean isSkipped(char character) {
        return Character.isWhitespace(character)
                || Character.isSpaceChar(character)
                || Character.isISOControl(character)
                || character == BYTE_ORDER_MARK;
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
