package ai.dreamlake.logback.tool;

import ai.dreamlake.logback.internal.io.AtomicFile;
import ai.dreamlake.logback.internal.journal.LogSnapshot;
import java.io.BufferedOutputStream;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code export}: writes sessions in a form that other programs read. Changes nothing in the sessions. */
@Command(
        name = "export",
        description = {
            "Writes sessions for other programs: as a table, as JSON lines, or for TensorBoard.",
            "Names of nested metadata are joined by dots. The step of a number is the step, global_step or epoch of"
                    + " its record, or else the record's number."
        },
        mixinStandardHelpOptions = true)
final class ExportCommand implements Callable<Integer> {

    /** The choices of {@code --format}. */
    enum Format {
        csv,
        jsonl,
        tensorboard
    }

    /** TensorBoard looks for "tfevents" in names. It is always the same, so that a second export replaces the first. */
    private static final String EVENT_FILE = "events.out.tfevents.dreamlake";

    private static final String SESSION = "session";
    private static final String METADATA = "metadata.";
    private static final List<String> RECORD_COLUMNS = List.of("timestamp", "level", "message", "sequenceNumber");
    private static final List<String> NUMBER_COLUMNS = List.of("axis", "step", "timestamp", "name", "value");

    /** The limit of the common spreadsheet programs. */
    private static final int MAX_COLUMNS = 16_384;

    /** How often to check whether the reader of our output still exists. */
    private static final int RECORDS_BETWEEN_CHECKS = 1000;

    @Spec
    private CommandSpec spec = CommandSpec.create(); // picocli sets it

    @Mixin
    private RootOption root = new RootOption();

    @Parameters(
            paramLabel = "SESSION",
            arity = "1..*",
            description = "A session's directory, or workspace/session under ROOT.")
    private List<String> sessions = new ArrayList<>();

    @Option(names = "--format", required = true, paramLabel = "FORMAT", description = "${COMPLETION-CANDIDATES}")
    private Format format = Format.jsonl;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "PATH",
            description = "The file to write; for tensorboard a directory, which gets workspace/session/" + EVENT_FILE
                    + ". Default: standard output")
    private @Nullable String output;

    @Option(
            names = "--numbers",
            description =
                    "Write one row for each number in metadata, and no texts: its name and value, its step and time.")
    private boolean numbers;

    @Option(
            names = "--step",
            paramLabel = "FIELD",
            description = "The metadata field that is the step of a number; \"" + Axis.RECORD
                    + "\" for the number of the record. Default: step, global_step or epoch, the first that exists")
    private @Nullable String step;

    /** The program that read our output has ended. */
    private static final class ReaderIsGone extends IOException {
        private static final long serialVersionUID = 1L;
    }

    /** A session, and its records when the command began. */
    private record Opened(FoundSession session, LogSnapshot snapshot) {}

    @Override
    public Integer call() throws Exception {
        List<Opened> opened = new ArrayList<>();
        for (FoundSession session : FoundSession.of(root.path(), sessions)) {
            opened.add(new Opened(session, LogSnapshot.of(session.directory())));
        }
        long bytes = opened.stream().mapToLong(each -> each.snapshot.bytes()).sum();
        boolean needsColumns = format == Format.csv && !numbers;
        boolean isWhole;
        try (Progress progress = new Progress("export", needsColumns ? 2 * bytes : bytes)) {
            isWhole = format == Format.tensorboard ? exportEvents(opened, progress) : exportTable(opened, progress);
        }
        return isWhole ? ExitCode.FINE : ExitCode.FOUND;
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }

    private PrintWriter err() {
        return spec.commandLine().getErr();
    }

    private boolean exportTable(List<Opened> opened, Progress progress) throws IOException, ToolFailure {
        List<String> columns = format == Format.csv ? columns(opened, progress) : List.of();
        if (isToStandardOutput()) {
            try {
                Writer writer = Terminal.isStandardOutput() ? new VisibleWriter(out()) : out();
                boolean isWhole = writeTable(opened, columns, writer, progress);
                writer.flush();
                return isWhole;
            } catch (ReaderIsGone asWithHead) {
                return true;
            }
        }
        boolean[] isWhole = new boolean[1];
        AtomicFile.replace(withParents(RootPath.path(Objects.requireNonNull(output))), stream -> {
            Writer writer = new BufferedWriter(new OutputStreamWriter(stream, StandardCharsets.UTF_8));
            isWhole[0] = writeTable(opened, columns, writer, progress);
            writer.flush();
        });
        return isWhole[0];
    }

    /** Also for a dash, as with most programs. */
    private boolean isToStandardOutput() {
        return output == null || output.equals("-");
    }

    private static Path withParents(Path file) throws IOException {
        Path absolute = file.toAbsolutePath();
        Path parent = absolute.getParent();
        if (parent != null) {
            Files.createDirectories(parent);
        }
        return absolute;
    }

    private List<String> columns(List<Opened> opened, Progress progress) throws IOException, ToolFailure {
        Set<String> columns = new LinkedHashSet<>();
        if (opened.size() > 1) {
            columns.add(SESSION);
        }
        if (numbers) {
            columns.addAll(NUMBER_COLUMNS);
            return List.copyOf(columns);
        }
        columns.addAll(RECORD_COLUMNS);
        for (Opened each : opened) {
            SessionRecords.read(
                    each.snapshot,
                    record -> {
                        for (String field : record.metadata().keySet()) {
                            if (columns.size() <= MAX_COLUMNS) {
                                columns.add(METADATA + field);
                            }
                        }
                    },
                    progress::step);
        }
        if (columns.size() > MAX_COLUMNS) {
            throw ToolFailure.failed("There are more than " + MAX_COLUMNS
                    + " different metadata fields, too many for a table: use --format jsonl, or --numbers.");
        }
        return List.copyOf(columns);
    }

    private boolean writeTable(List<Opened> opened, List<String> columns, Writer writer, Progress progress)
            throws IOException {
        Axis axis = Axis.of(step, false);
        RowTarget table = format == Format.csv ? new CsvRows(writer, columns) : new JsonRows(writer);
        boolean isWhole = true;
        for (Opened each : opened) {
            FieldValue name = opened.size() > 1 ? text(each.session.name().toString()) : null;
            isWhole &= read(
                    each,
                    record -> {
                        if (record.number() % RECORDS_BETWEEN_CHECKS == 0
                                && isToStandardOutput()
                                && out().checkError()) {
                            throw new ReaderIsGone();
                        }
                        if (numbers) {
                            writeNumbers(name, record, axis, table);
                        } else {
                            table.row(row(name, record));
                        }
                    },
                    progress);
        }
        return isWhole;
    }

    private static FieldValue text(String text) {
        return new FieldValue(FieldValue.Kind.TEXT, text);
    }

    private static FieldValue number(String text) {
        return new FieldValue(FieldValue.Kind.NUMBER, text);
    }

    private static Map<String, FieldValue> named(@Nullable FieldValue session) {
        Map<String, FieldValue> row = new LinkedHashMap<>();
        if (session != null) {
            row.put(SESSION, session);
        }
        return row;
    }

    private static Map<String, FieldValue> row(@Nullable FieldValue session, FlatRecord record) {
        Map<String, FieldValue> row = named(session);
        row.put("timestamp", text(record.timestamp()));
        row.put("level", text(record.level()));
        row.put("message", text(record.message()));
        row.put("sequenceNumber", number(String.valueOf(record.number())));
        record.metadata().forEach((field, value) -> row.put(METADATA + field, value));
        return row;
    }

    private static void writeNumbers(@Nullable FieldValue session, FlatRecord record, Axis axis, RowTarget table)
            throws IOException {
        Axis.Place place = axis.placeOf(record);
        for (Map.Entry<String, FieldValue> field : record.metadata().entrySet()) {
            if (field.getValue().number() != null && !field.getKey().equals(place.axis())) {
                Map<String, FieldValue> row = named(session);
                row.put("axis", text(place.axis()));
                row.put("step", number(PlainNumber.text(place.step())));
                row.put("timestamp", text(record.timestamp()));
                row.put("name", text(field.getKey()));
                row.put("value", field.getValue());
                table.row(row);
            }
        }
    }

    private boolean exportEvents(List<Opened> opened, Progress progress) throws IOException, ToolFailure {
        if (output == null || isToStandardOutput()) {
            throw ToolFailure.usage("TensorBoard reads directories: name one with --output.");
        }
        Path directory = RootPath.path(output);
        boolean isWhole = true;
        for (Opened each : opened) {
            Path run = directory
                    .resolve(each.session.name().workspace())
                    .resolve(each.session.name().session());
            boolean[] isWholeRun = new boolean[1];
            AtomicFile.replace(withParents(run.resolve(EVENT_FILE)), stream -> {
                try (EventFile events = new EventFile(new BufferedOutputStream(stream))) {
                    isWholeRun[0] = read(each, new Scalars(events, Axis.of(step, true)), progress);
                }
            });
            isWhole &= isWholeRun[0];
        }
        return isWhole;
    }

    /** Writes the numbers in records as points. */
    private static final class Scalars implements SessionRecords.Target {
        private final EventFile events;
        private final Axis axis;

        /** The time of the last record that has one. */
        private double seconds;

        Scalars(EventFile events, Axis axis) {
            this.events = events;
            this.axis = axis;
        }

        @Override
        public void accept(FlatRecord record) throws IOException {
            Axis.Place place = axis.placeOf(record);
            Double time = record.seconds();
            seconds = time == null ? seconds : time;
            for (Map.Entry<String, FieldValue> field : record.metadata().entrySet()) {
                Double number = field.getValue().number();
                if (number != null && !field.getKey().equals(place.axis())) {
                    events.scalar(field.getKey(), (long) place.step(), seconds, number);
                }
            }
        }
    }

    /** Reads a session. False if something was skipped; then it also prints a sentence. */
    private boolean read(Opened opened, SessionRecords.Target target, Progress progress) throws IOException {
        SessionRecords.Skipped skipped = SessionRecords.read(opened.snapshot, target, progress::step);
        if (!skipped.isNothing()) {
            err().println("dreamlake: " + opened.session + ": " + skipped.sentence());
        }
        return skipped.isNothing();
    }
}
