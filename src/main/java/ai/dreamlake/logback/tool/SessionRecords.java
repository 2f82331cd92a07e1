package ai.dreamlake.logback.tool;

import ai.dreamlake.logback.internal.io.FilePart;
import ai.dreamlake.logback.internal.io.LenientJson;
import ai.dreamlake.logback.internal.journal.LogSnapshot;
import ai.dreamlake.logback.internal.record.LineFormat;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;

/**
 * Reads the records of a session, one after the other: those of its logs and, after them, the staged ones that are not
 * in a log yet. Only one line is in memory at a time, however long the logs are. A line that is longer than
 * {@link LenientJson#maxHeldLength} is skipped and counted.
 */
final class SessionRecords {

    /** Receives the records. */
    interface Target {
        void accept(FlatRecord record) throws IOException;
    }

    /**
     * What was skipped.
     *
     * @param damaged how many lines are not records, including a last one without a line feed
     * @param tooLong how many lines are too long for the memory
     */
    record Skipped(long damaged, long tooLong) {
        static final Skipped NOTHING = new Skipped(0, 0);

        boolean isNothing() {
            return equals(NOTHING);
        }

        /** A sentence for people. */
        String sentence() {
            return damaged + " damaged and " + tooLong + " overlong lines were skipped.";
        }
    }

    private final int maxLine;
    private final Target target;
    private final LongConsumer progress;
    private long next;
    private long damaged;
    private long tooLong;

    private SessionRecords(int maxLine, Target target, LongConsumer progress) {
        this.maxLine = maxLine;
        this.target = target;
        this.progress = progress;
    }

    /**
     * Reads all records of a session.
     *
     * @param progress gets the number of bytes after each line
     */
    static Skipped read(LogSnapshot snapshot, Target target, LongConsumer progress) throws IOException {
        return read(snapshot, LenientJson.maxHeldLength(), target, progress);
    }

    /** @param maxLine the longest line that is kept in memory, in bytes */
    static Skipped read(LogSnapshot snapshot, int maxLine, Target target, LongConsumer progress) throws IOException {
        SessionRecords records = new SessionRecords(maxLine, target, progress);
        for (LogSnapshot.Part log : snapshot.logs()) {
            if (log.length() > 0) {
                try (RandomAccessFile file = log.open()) {
                    records.readAll(new FilePart(file, 0, log.length()));
                }
            }
        }
        for (LogSnapshot.Staged staged : snapshot.staged()) {
            records.line(staged.text());
        }
        return new Skipped(records.damaged, records.tooLong);
    }

    private void readAll(InputStream log) throws IOException {
        LineReader lines = new LineReader(log, maxLine);
        for (LineReader.Line line = lines.next(); line != null; line = lines.next()) {
            progress.accept(line.length());
            if (!line.hasEnd()) {
                damaged++;
            } else if (line.isWhole()) {
                line(line.bytes());
            } else {
                tooLong++;
            }
        }
    }

    private void line(byte[] text) throws IOException {
        FlatRecord record = parsed(text);
        if (record == null) {
            damaged++;
        } else {
            next = record.number() + 1;
            target.accept(record);
        }
    }

    private @Nullable FlatRecord parsed(byte[] text) {
        try (JsonParser parser =
                LenientJson.STREAMS.createParser(ObjectReadContext.empty(), new ByteArrayInputStream(text))) {
            return parsed(parser);
        } catch (JacksonException | NumberFormatException noRecord) {
            return null;
        }
    }

    private @Nullable FlatRecord parsed(JsonParser parser) {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            return null;
        }
        long number = next;
        String timestamp = "";
        String level = "";
        String message = "";
        Map<String, FieldValue> metadata = new LinkedHashMap<>();
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = parser.currentName();
            JsonToken token = parser.nextToken();
            switch (name) {
                case "timestamp" -> timestamp = FlatJson.value(parser).text();
                case "level" -> level = FlatJson.value(parser).text();
                case "message" -> message = FlatJson.value(parser).text();
                case "sequenceNumber" -> {
                    FieldValue value = FlatJson.value(parser);
                    number = token == JsonToken.VALUE_NUMBER_INT ? number(value.text()) : next;
                }
                case "metadata" -> {
                    if (token == JsonToken.START_OBJECT) {
                        FlatJson.addAll(parser, metadata);
                    } else if (token != JsonToken.VALUE_NULL) {
                        FlatJson.add(parser, name, metadata);
                    }
                }
                default -> parser.skipChildren();
            }
        }
        boolean isWhole = parser.currentToken() == JsonToken.END_OBJECT && parser.nextToken() == null;
        return isWhole ? new FlatRecord(number, timestamp, level, message, metadata) : null;
    }

    /** The number of a record; a number that no record can have is replaced by the next one. */
    private long number(String digits) {
        try {
            long number = Long.parseLong(digits);
            return LineFormat.isNumber(number) ? number : next;
        } catch (NumberFormatException tooLarge) {
            return next;
        }
    }
}
