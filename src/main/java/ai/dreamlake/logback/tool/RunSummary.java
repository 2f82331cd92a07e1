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

/** What there is to compare of a run. Reads its whole log, and holds a million numbers of it at most. */
final class RunSummary implements SessionRecords.Target {

    /** 16 MB, and twice that for a moment while they are sorted. */
    private static final int MAX_POINTS = 1_000_000;

    private static final int MAX_SERIES = 10_000;
    private static final int MAX_PARAMETERS = 16 << 20;

    /** A name, and the axis that its numbers are over: a run may have a loss by step and another one by epoch. */
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

    /** The parameters of a Python run, and what describes the session. */
    private void readParameters(SessionDirectory directory) throws IOException {
        readObject(directory.parameters(), "data", "");
        readObject(directory.description(), "metadata", "metadata.");
    }

    /** One field of a JSON file, if there is such a file, and if it is an object. */
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

    /** Whether it has more numbers than are held. */
    boolean isCut() {
        return isCut;
    }

    long records() {
        return records;
    }

    long count(String level) {
        return levels.getOrDefault(level, 0L);
    }

    /** When it began; null if no record tells. */
    @Nullable
    Instant begin() {
        return first;
    }

    /** From the first record to the last one; null if no record tells. */
    @Nullable
    Duration duration() {
        return first == null || last == null ? null : Duration.between(first, last);
    }
}
