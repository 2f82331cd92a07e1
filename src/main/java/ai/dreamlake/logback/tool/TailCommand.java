package ai.dreamlake.logback.tool;

import ai.dreamlake.logback.internal.io.FilePart;
import ai.dreamlake.logback.internal.io.LenientJson;
import ai.dreamlake.logback.internal.io.RegularFile;
import ai.dreamlake.logback.internal.journal.SessionDirectory;
import ai.dreamlake.logback.internal.record.RecordLevel;
import java.io.Closeable;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.NoSuchFileException;
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

    /** How often to try to read a session between two writes. */
    private static final int MAX_LOOKS = 20;

    /** Where to begin: the index of a file among all of the session's, and a position in it. */
    private record Start(int file, long position) {}

    /**
     * A session at a moment when no record is both in a log and staged.
     *
     * @param files its logs; the newest one is already open
     * @param end the length of the newest log
     * @param staged the records that come after the logs
     */
    private record Moment(List<File> files, long end, List<byte[]> staged) {}

    /** One of the logs. The newest one is not opened by its name, which may be another file's by now. */
    private record Opened(RandomAccessFile file, long length, boolean isNewest) implements Closeable {
        /** Null if the file is gone: a segment in a spool is deleted once it is delivered. */
        static @Nullable Opened of(File file, FollowedLog log, Moment moment) throws IOException {
            RandomAccessFile newest = log.file();
            if (newest != null && file.equals(moment.files.get(moment.files.size() - 1))) {
                return new Opened(newest, moment.end, true);
            }
            try {
                RandomAccessFile older = RegularFile.open(file, "r");
                return new Opened(older, older.length(), false);
            } catch (FileNotFoundException | NoSuchFileException failure) {
                if (file.exists()) {
                    throw failure;
                }
                return null;
            }
        }

        @Override
        public void close() throws IOException {
            if (!isNewest) {
                file.close();
            }
        }
    }

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
            StagedView staged = new StagedView(found);
            Moment moment = look(found.directory(), log, staged);
            List<LineReader.Line> last = moment.staged.stream()
                    .map(TailCommand::line)
                    .filter(printer::accepts)
                    .toList();
            long wanted = count != null ? count : since != null ? Long.MAX_VALUE : DEFAULT_COUNT;
            int skipped = (int) Math.max(0, last.size() - wanted);
            long wantedOfLogs = wanted == Long.MAX_VALUE ? wanted : wanted - last.size() + skipped;
            long end = printLast(moment, log, wantedOfLogs, filter, printer, maxLine);
            last.stream().skip(skipped).forEach(printer::print);
            if (follows) {
                log.start(end);
                staged.setShown(moment.staged);
                follow(log, staged, printer);
            }
        }
        spec.commandLine().getOut().flush();
        return ExitCode.FINE;
    }

    private static Moment look(SessionDirectory directory, FollowedLog log, StagedView staged) throws IOException {
        for (int looks = 1; ; looks++) {
            long end = log.open();
            List<File> files = SessionLogs.of(directory);
            List<byte[]> records = staged.all();
            if (log.isStill(end)) {
                return new Moment(files, end, records);
            }
            if (looks == MAX_LOOKS) {
                return new Moment(files, end, List.of()); // what is staged now will be in the log in a moment
            }
        }
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
    private long printLast(
            Moment moment, FollowedLog log, long wanted, RecordFilter filter, RecordPrinter printer, int maxLine)
            throws IOException {
        List<File> files = moment.files;
        Start start = start(moment, log, wanted, filter, printer, maxLine);
        long end = 0;
        long printed = 0;
        for (int i = start.file; i < files.size(); i++) {
            long from = i == start.file ? start.position : 0;
            try (Opened open = Opened.of(files.get(i), log, moment)) {
                if (open == null) {
                    continue;
                }
                LineReader lines = new LineReader(new FilePart(open.file, from, open.length), maxLine);
                end = from;
                for (LineReader.Line line = lines.next(); line != null; line = lines.next()) {
                    if (line.hasEnd()) {
                        end += line.length() + 1;
                    } else if (follows && open.isNewest) {
                        break; // a process may be writing the rest of it
                    }
                    printer.print(line);
                    if (++printed % LINES_BETWEEN_CHECKS == 0 && !printer.flush()) {
                        return end; // our reader has ended, and the log may be long
                    }
                }
            }
        }
        return log.file() == null ? 0 : end;
    }

    /** Searches backwards from the newest record. */
    private Start start(
            Moment moment, FollowedLog log, long count, RecordFilter filter, RecordPrinter printer, int maxLine)
            throws IOException {
        long wanted = count;
        for (int i = moment.files.size() - 1; i >= 0; i--) {
            try (Opened open = Opened.of(moment.files.get(i), log, moment)) {
                if (open == null) {
                    break; // older ones are gone, too
                }
                if (filter.isEmpty() || wanted == 0) {
                    boolean isPartAwaited = wanted == 0 && follows && !endsWithLineFeed(open);
                    long position = LineStarts.ofLast(open.file, open.length, isPartAwaited ? 1 : wanted);
                    if (position > 0 || wanted == 0) {
                        return new Start(i, position);
                    }
                    wanted -= countLines(open.file, open.length, maxLine);
                } else {
                    Found found = search(open.file, open.length, wanted, filter, printer, maxLine);
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

    private static boolean endsWithLineFeed(Opened log) throws IOException {
        log.file.seek(Math.max(0, log.length - 1));
        return log.length == 0 || log.file.read() == '\n';
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
