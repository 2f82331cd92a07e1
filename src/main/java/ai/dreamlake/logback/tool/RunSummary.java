package ai.dreamlake.logback.tool;

import ai.dreamlake.logback.internal.io.LenientJson;
import ai.dreamlake.logback.internal.io.RegularFile;
import ai.dreamlake.logback.internal.journal.LogSnapshot;
import ai.dreamlake.logback.internal.journal.SessionDirectory;
import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;

/** The parts of a run that can be compared. Reads its whole log, and holds at most a million of its numbers. */
final class RunSummary implements SessionRecords.Target {

    /** They take 16 MB, and for a moment twice that while they are sorted. */
    private static final int MAX_POINTS = 1_000_000;

    private static final int MAX_SERIES = 10_000;
    private static final int MAX_PARAMETERS = 16 << 20;

    /** A metric and its axis: a run may have a loss by step and another one by epoch. */
    record Name(String field, String axis) implements Comparable<Name> {
        @Override
        public int compareTo(Name other) {
            int byField = field.compareTo(other.field);
            return byField != 0 ? byField : axis.compareTo(other.axis);
        }

        @Override
        public String toString() {
            return Printable.line(field + " by " + axis);
        }
    }

    private final FoundSession session;
    private final Axis axis;
    private final SortedMap<Name, Series> series = new TreeMap<>();
    private final SortedMap<String, FieldValue> parameters = new TreeMap<>();
    private final Map<String, Long> levels = new TreeMap<>();
    private SessionRecords.Skipped skipped = SessionRecords.Skipped.NOTHING;
    private long records;
    private int points;
    private boolean isCut;
    private @Nullable Instant first;
    private @Nullable Instant last;

    private RunSummary(FoundSession session, Axis axis) {
        this.session = session;
        this.axis = axis;
    }

    static RunSummary of(FoundSession session, LogSnapshot snapshot, Axis axis, Progress progress) throws IOException {
        RunSummary summary = new RunSummary(session, axis);
        summary.readParameters(session.directory());
        summary.skipped = SessionRecords.read(snapshot, summary, progress::step);
        return summary;
    }

    @Override
    public void accept(FlatRecord record) {
        records++;
        levels.merge(record.level(), 1L, Long::sum);
        Instant time = record.time();
        if (time != null) {
            first = first == null || time.isBefore(first) ? time : first;
            last = last == null || time.isAfter(last) ? time : last;
        }
        Axis.Place place = axis.placeOf(record);
        for (Map.Entry<String, FieldValue> field : record.metadata().entrySet()) {
            Double number = field.getValue().number();
            if (number != null && !field.getKey().equals(place.axis())) {
                add(new Name(field.getKey(), place.axis()), place.step(), number);
            }
        }
    }

    private void add(Name name, double step, double number) {
        if (points == MAX_POINTS || series.size() == MAX_SERIES && !series.containsKey(name)) {
            isCut = true;
            return;
        }
        points++;
        series.computeIfAbsent(name, absent -> new Series()).add(step, number);
    }

    /** Reads the parameters of a Python run, and the metadata in the session's description. */
    private void readParameters(SessionDirectory directory) throws IOException {
        readObject(directory.parameters(), "data", "");
        readObject(directory.description(), "metadata", "metadata.");
    }

    /** Reads one field of a JSON file, if the file exists and the field is an object. */
    private void readObject(Path file, String field, String prefix) throws IOException {
        byte[] text;
        try {
            text = RegularFile.readAllBytes(file.toFile(), MAX_PARAMETERS);
        } catch (FileNotFoundException none) {
            return;
        }
        Map<String, FieldValue> found = new TreeMap<>();
        try (JsonParser parser =
                LenientJson.STREAMS.createParser(ObjectReadContext.empty(), new ByteArrayInputStream(text))) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return;
            }
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                boolean isWanted = parser.currentName().equals(field);
                if (parser.nextToken() == JsonToken.START_OBJECT && isWanted) {
                    FlatJson.addAll(parser, found);
                } else {
                    parser.skipChildren();
                }
            }
        } catch (JacksonException damaged) {
            return;
        }
        found.forEach((name, value) -> parameters.put(prefix + name, value));
    }

    FoundSession session() {
        return session;
    }

    SortedMap<Name, Series> series() {
        return series;
    }

    SortedMap<String, FieldValue> parameters() {
        return parameters;
    }

    SessionRecords.Skipped skipped() {
        return skipped;
    }

    /** Whether the run has more numbers than this holds. */
    boolean isCut() {
        return isCut;
    }

    long records() {
        return records;
    }

    long count(String level) {
        return levels.getOrDefault(level, 0L);
    }

    /** The time of the first record; null if no record has a time. */
    @Nullable
    Instant begin() {
        return first;
    }

    /** From the first record to the last one; null if no record has a time. */
    @Nullable
    Duration duration() {
        return first == null || last == null ? null : Duration.between(first, last);
    }
}
