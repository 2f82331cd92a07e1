package ai.dreamlake.logback.tool;

import ai.dreamlake.logback.internal.io.LenientJson;
import ai.dreamlake.logback.internal.io.RegularFile;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;

/** Counts the records of each level, by reading whole logs. */
final class RecordScan {

    /** The level is near the beginning of a line, unless another program wrote it. */
    private static final int MAX_LINE = 1 << 20;

    private static final int MAX_LEVELS = 100;

    private RecordScan() {}

    /**
     * The counts by level. A line without a level counts as {@code "none"}, and too many different levels as "others".
     */
    static Map<String, Long> levels(List<File> files, Progress progress) throws IOException {
        Map<String, Long> counts = new TreeMap<>();
        for (File file : files) {
            try (LineReader lines = new LineReader(RegularFile.read(file), MAX_LINE)) {
                for (LineReader.Line line = lines.next(); line != null; line = lines.next()) {
                    String level = level(line.bytes());
                    counts.merge(counts.size() < MAX_LEVELS ? level : "others", 1L, Long::sum);
                    progress.step(line.length() + 1);
                }
            }
        }
        return counts;
    }

    private static String level(byte[] line) {
        try (JsonParser parser =
                LenientJson.STREAMS.createParser(ObjectReadContext.empty(), new ByteArrayInputStream(line))) {
            if (parser.nextToken() == JsonToken.START_OBJECT) {
                while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                    boolean isLevel = parser.currentName().equals("level");
                    JsonToken value = parser.nextToken();
                    if (isLevel && value == JsonToken.VALUE_STRING) {
                        return Printable.line(parser.getString());
                    }
                    parser.skipChildren();
                }
            }
        } catch (JacksonException damaged) {
            // It has no level.
        }
        return "none";
    }
}
