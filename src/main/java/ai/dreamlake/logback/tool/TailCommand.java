package ai.dreamlake.logback.tool;

import ai.dreamlake.logback.internal.io.FilePart;
import ai.dreamlake.logback.internal.io.LenientJson;
import ai.dreamlake.logback.internal.io.RegularFile;
import ai.dreamlake.logback.internal.journal.SessionDirectory;
import ai.dreamlake.logback.internal.record.RecordLevel;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code tail}: prints the last records of a session, and new ones. */
@Command(
        name = "tail",
        description = "Prints the last records of a session, including those that a process has staged and not written"
                + " yet. With -f, it goes on with new records. Changes nothing.",
        mixinStandardHelpOptions = true)
final class TailCommand implements Callable<Integer> {

    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final int DEFAULT_COUNT = 10;

    /** How often to check whether the reader of our output still exists. */
    private static final int LINES_BETWEEN_CHECKS = 1000;

    /** By how much to extend the part of a log that is searched for records, if it has too few. */
    private static final int GROWTH = 8;

    /** Where to begin: the index of a file among all of the session's, and a position in it. */
    private record Start(int file, long position) {}

    @Spec
    private CommandSpec spec = CommandSpec.create(); // picocli sets it

    @Parameters(paramLabel = "SESSION", description = "A session's directory, or workspace/session under the root.")
    private String session = "";

    @Option(
            names = "-n",
            paramLabel = "COUNT",
            description =
                    "How many records to print of those that the other options accept. Default: 10, or all with --since")
    private @Nullable Integer count;

    @Option(
            names = {"-f", "--follow"},
            description = "Go on with new records until interrupted.")
    private boolean follows;

    @Option(
            names = "--level",
            paramLabel = "LEVEL",
            description = "Only records of this level or above: ${COMPLETION-CANDIDATES}.")
    private @Nullable RecordLevel level;

    @Option(
            names = "--grep",
            paramLabel = "PATTERN",
            description = "Only records whose message or metadata contains a match of this regular expression.")
    private @Nullable String pattern;

    @Option(
            names = "--since",
            paramLabel = "TIME",
            description = "Only records of this time or later: 15m, 2h or 3d ago, or 2026-01-31T10:30:00Z.")
    private @Nullable String since;

    @Option(names = "--raw", description = "Print lines as they are in the log.")
    private boolean raw;

    @Mixin
    private RootOption root = new RootOption();

    @Mixin
    private ColorOption color = new ColorOption();

    @Override
    public Integer call() throws ToolFailure, IOException {
        if (count != null && count < 0) {
            throw ToolFailure.usage("-n is " + count + ": choose 0 or more.");
        }
        FoundSession found = FoundSession.of(root.path(), session);
        RecordFilter filter = RecordFilter.of(level, pattern, since);
        RecordPrinter printer = new RecordPrinter(spec.commandLine().getOut(), color.colors(), filter, raw);
        int maxLine = raw ? LenientJson.maxHeldLength() : RecordPrinter.MAX_LINE;
        try (FollowedLog log = new FollowedLog(found.directory(), maxLine)) {
            long end = printLast(found.directory(), filter, printer, maxLine);
            StagedView staged = new StagedView(found);
            if (follows) {
                log.start(end);
                follow(log, staged, printer);
            } else {
                staged.all().forEach(record -> printer.print(line(record)));
            }
        }
        spec.commandLine().getOut().flush();
        return ExitCode.FINE;
    }

    private static LineReader.Line line(byte[] record) {
        return new LineReader.Line(record, record.length, true);
    }

    private static void follow(FollowedLog log, StagedView staged, RecordPrinter printer) throws IOException {
        FollowedLog.Reader reader = new FollowedLog.Reader() {
            @Override
            public void line(LineReader.Line line) {
                if (!staged.wasShown(line)) {
                    printer.print(line);
                }
            }

            @Override
            public void note(String sentence) {
                printer.note(sentence);
            }
        };
        while (printer.flush() && !Thread.currentThread().isInterrupted()) {
            log.poll(reader);
            staged.poll().forEach(record -> printer.print(line(record)));
            LockSupport.parkNanos(log, POLL_NANOS);
        }
    }

    /**
     * Prints the last records. Returns where the printed part of the newest file ends; if it is followed, that is after
     * its last whole line.
     */
    private long printLast(SessionDirectory directory, RecordFilter filter, RecordPrinter printer, int maxLine)
            throws IOException {
        List<File> files = SessionLogs.of(directory);
        Start start = start(files, filter, printer, maxLine);
        long end = 0;
        long printed = 0;
        for (int i = start.file; i < files.size(); i++) {
            File file = files.get(i);
            long from = i == start.file ? start.position : 0;
            boolean isLog = file.equals(directory.log());
            try (RandomAccessFile open = RegularFile.open(file, "r")) {
                LineReader lines = new LineReader(new FilePart(open, from, open.length()), maxLine);
                end = from;
                for (LineReader.Line line = lines.next(); line != null; line = lines.next()) {
                    if (line.hasEnd()) {
                        end += line.length() + 1;
                    } else if (follows && isLog) {
                        break; // a process may be writing the rest of it
                    }
                    printer.print(line);
                    if (++printed % LINES_BETWEEN_CHECKS == 0 && !printer.flush()) {
                        return end; // our reader has ended, and the log may be long
                    }
                }
            }
        }
        return !files.isEmpty() && files.get(files.size() - 1).equals(directory.log()) ? end : 0;
    }

    /** Searches backwards from the newest record. */
    private Start start(List<File> files, RecordFilter filter, RecordPrinter printer, int maxLine) throws IOException {
        long wanted = count != null ? count : since != null ? Long.MAX_VALUE : DEFAULT_COUNT;
        for (int i = files.size() - 1; i >= 0; i--) {
            try (RandomAccessFile file = RegularFile.open(files.get(i), "r")) {
                long length = file.length();
                if (filter.isEmpty()) {
                    long position = LineStarts.ofLast(file, length, wanted);
                    if (position > 0 || wanted == 0) {
                        return new Start(i, position);
                    }
                    wanted -= countLines(file, length, maxLine);
                } else {
                    Found found = search(file, length, wanted, filter, printer, maxLine);
                    if (found.isEnough) {
                        return new Start(i, found.position);
                    }
                    wanted -= found.records;
                }
            }
            if (wanted <= 0) {
                return new Start(i, 0);
            }
        }
        return new Start(0, 0);
    }

    private static long countLines(RandomAccessFile file, long length, int maxLine) throws IOException {
        LineReader lines = new LineReader(new FilePart(file, 0, length), maxLine);
        long counted = 0;
        while (lines.next() != null) {
            counted++;
        }
        return counted;
    }

    /**
     * What was found in a file.
     *
     * @param isEnough whether nothing before the position is wanted
     * @param position where the first wanted record begins
     * @param records how many records the filter accepts
     */
    private record Found(boolean isEnough, long position, long records) {}

    private static Found search(
            RandomAccessFile file, long length, long wanted, RecordFilter filter, RecordPrinter printer, int maxLine)
            throws IOException {
        long lines = Math.max(DEFAULT_COUNT, Math.min(wanted, 1000));
        while (true) {
            long from = LineStarts.ofLast(file, length, lines);
            Deque<Long> accepted = new ArrayDeque<>();
            LineReader reader = new LineReader(new FilePart(file, from, length), maxLine);
            long position = from;
            long records = 0;
            boolean beginsEarlier = false;
            for (LineReader.Line line = reader.next(); line != null; line = reader.next()) {
                if (position == from) {
                    beginsEarlier = isBefore(line, filter.since());
                }
                if (printer.accepts(line)) {
                    records++;
                    if (wanted < Long.MAX_VALUE) {
                        accepted.add(position);
                    }
                }
                if (accepted.size() > wanted) {
                    accepted.remove();
                }
                position += line.length() + 1;
            }
            if (beginsEarlier || records >= wanted) {
                boolean isLimited = wanted < Long.MAX_VALUE && records > 0;
                return new Found(true, isLimited && !accepted.isEmpty() ? accepted.element() : from, records);
            }
            if (from == 0) {
                return new Found(false, 0, records);
            }
            lines *= GROWTH;
        }
    }

    private static boolean isBefore(LineReader.Line line, @Nullable Instant since) {
        LogRecord record = since == null || !line.isWhole() ? null : LogRecord.parse(line.bytes());
        Instant time = record == null ? null : record.time();
        return since != null && time != null && time.isBefore(since);
    }
}
