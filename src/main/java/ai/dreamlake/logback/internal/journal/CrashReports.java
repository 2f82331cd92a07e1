package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.io.MemoryKills;
import ai.dreamlake.logback.internal.io.ProcessIdentity.Life;
import ai.dreamlake.logback.internal.io.RegularFile;
import ai.dreamlake.logback.internal.io.ThisProcess;
import ai.dreamlake.logback.internal.record.LineFormat;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reports in a session's log that a process ended without closing it: one record, with level {@code fatal}, after the
 * last records of that process. Such a process leaves its {@link WriterMark}, which the next one to open the session
 * finds.
 *
 * <p>Before the record is appended, it is noted in the mark, with its number and position. So if the reporting process
 * is killed in between, the next one can tell whether the record is in the log, and the record is written only once.
 *
 * <p>Used under the journal's monitor and the session's lock, after {@link TailRecovery}.
 */
final class CrashReports {

    /** Enough for the mark and the record about to be appended. */
    static final int MAX_MARK = 64 * 1024;

    private static final String NAME = "dreamlake_crash";

    /** The second line of a mark: the record's number, its position in the log, and the record. */
    private static final Pattern NOTED_REPORT = Pattern.compile("[^\\n]*\\n(\\d{1,18}) (\\d{1,18}) ([^\\n]*)\\n");

    private final SessionDirectory directory;
    private final TailRecovery.Log log;

    CrashReports(SessionDirectory directory, TailRecovery.Log log) {
        this.directory = directory;
        this.log = log;
    }

    /** Whether a process that has ended left its mark in a session, as far as can be read. Needs no lock. */
    static boolean areDue(SessionDirectory directory, @Nullable File own) {
        try {
            for (File mark : directory.marks(own)) {
                if (isRegular(mark)) {
                    try (RandomAccessFile file = RegularFile.open(mark, "rw")) {
                        WriterMark found = WriterMark.parse(read(file));
                        if (found != null && hasEnded(found, file)) {
                            return true;
                        }
                    }
                }
            }
        } catch (IOException unreadable) {
            return false;
        }
        return false;
    }

    /**
     * Reports all ended processes that left a mark here.
     *
     * @param own the mark of this process, or null
     * @throws IOException if a process cannot be reported; its mark stays for the next attempt
     */
    void reportAll(@Nullable File own) throws IOException {
        for (File mark : directory.marks(own)) {
            if (isRegular(mark)) {
                report(mark);
            }
        }
    }

    private static boolean isRegular(File mark) {
        return Files.isRegularFile(mark.toPath(), LinkOption.NOFOLLOW_LINKS);
    }

    private void report(File mark) throws IOException {
        try (RandomAccessFile file = RegularFile.open(mark, "rw")) {
            String text = read(file);
            WriterMark writer = WriterMark.parse(text);
            boolean hasEnded = writer == null ? isFree(file) : hasEnded(writer, file);
            if (!hasEnded) {
                return;
            }
            if (writer != null && !isReported(text)) { // a mark damaged by a power loss is dropped
                appendReport(
                        writer,
                        file,
                        text.substring(0, text.indexOf('\n') + 1).getBytes(StandardCharsets.UTF_8).length);
            }
        } catch (FileNotFoundException goneOrUnreadable) {
            if (mark.exists()) {
                throw goneOrUnreadable;
            }
            return;
        }
        Files.deleteIfExists(mark.toPath());
    }

    static String read(RandomAccessFile file) throws IOException {
        byte[] content = new byte[(int) Math.min(file.length(), MAX_MARK)];
        file.seek(0);
        file.readFully(content);
        return new String(content, StandardCharsets.UTF_8);
    }

    /**
     * Whether the writer is known to have ended. A process of this boot and of our own namespace is looked up.
     * Otherwise a free lock proves it, if the writer held the lock, or if this machine was restarted since.
     */
    static boolean hasEnded(WriterMark writer, RandomAccessFile file) throws IOException {
        boolean isOfThisBoot = writer.owner().isOfThisBoot();
        if (isOfThisBoot && writer.owner().isOfThisNamespace()) {
            return writer.owner().life() == Life.ENDED;
        }
        boolean wasRestarted = !isOfThisBoot && writer.host().equals(ThisProcess.host());
        return (writer.isOpen() || wasRestarted) && isFree(file) && (wasRestarted || isStillOpen(file));
    }

    /**
     * Whether the mark still says so now that we hold its lock: a process first notes in it that it closes the log, and
     * then unlocks it.
     */
    private static boolean isStillOpen(RandomAccessFile file) throws IOException {
        WriterMark now = WriterMark.parse(read(file));
        return now != null && now.isOpen();
    }

    /** Whether nobody holds the file's lock. False where there are no locks. */
    private static boolean isFree(RandomAccessFile file) {
        try {
            FileLock lock = file.getChannel().tryLock();
            return lock != null; // released when the file is closed
        } catch (IOException | OverlappingFileLockException unknown) {
            return false;
        }
    }

    /** Whether the report that a mark notes is already in a log. */
    private boolean isReported(String mark) throws IOException {
        Matcher noted = NOTED_REPORT.matcher(mark);
        if (!noted.matches()) {
            return false;
        }
        byte[] record = noted.group(3).getBytes(StandardCharsets.UTF_8);
        List<byte[]> line = List.of(LineFormat.finished(record, Long.parseLong(noted.group(1))));
        long place = Long.parseLong(noted.group(2));
        if (LogSearch.countFrom(directory.log(), place, line) > 0) {
            return true;
        }
        for (Segment segment : directory.segments()) {
            if (LogSearch.countFrom(segment.file(), place, line) > 0) {
                return true;
            }
        }
        return false;
    }

    /** @param end where the mark's own line ends */
    private void appendReport(WriterMark writer, RandomAccessFile mark, int end) throws IOException {
        byte[] record = LineFormat.fatal(
                Instant.now(),
                "The process before this one (" + writer.owner().pid() + " on " + writer.host()
                        + ") ended without closing its log",
                NAME,
                facts(writer));
        String note = log.nextNumber() + " " + log.length() + " " + new String(record, StandardCharsets.UTF_8) + "\n";
        mark.seek(end);
        mark.write(note.getBytes(StandardCharsets.UTF_8));
        mark.setLength(mark.getFilePointer());
        log.append(LineFormat.finished(record, log.nextNumber()), 1);
    }

    private Map<String, Object> facts(WriterMark writer) throws IOException {
        Map<String, Object> facts = new LinkedHashMap<>();
        File crashLog =
                new File(writer.directory(), "hs_err_pid" + writer.owner().pid() + ".log");
        boolean hasCrashLog = crashLog.isFile()
                && !Instant.ofEpochMilli(crashLog.lastModified()).plusSeconds(1).isBefore(writer.since());
        facts.put("cause", cause(writer, hasCrashLog));
        if (hasCrashLog) {
            facts.put("crash_log", crashLog.getPath());
        }
        Instant last = lastRecordAt();
        if (last != null) {
            facts.put("last_record_at", last.toString());
        }
        facts.put("writing_since", writer.since().truncatedTo(ChronoUnit.MICROS).toString());
        facts.put("pid", writer.owner().pid());
        facts.put("host", writer.host());
        facts.put("command", writer.command());
        facts.put("directory", writer.directory());
        facts.put("java", writer.java());
        if (writer.revision() != null) {
            facts.put("revision", writer.revision());
        }
        return facts;
    }

    /** The cause, as far as it can be known. */
    private static String cause(WriterMark writer, boolean hasCrashLog) {
        if (hasCrashLog) {
            return "the JVM crashed";
        }
        if (!writer.owner().isOfThisBoot() && writer.host().equals(ThisProcess.host())) {
            return "the machine was restarted, or lost power";
        }
        // In another container, or on another machine, the same path leads to another group's count.
        boolean isCountOfItsGroup =
                writer.owner().isOfThisBoot() && writer.owner().isOfThisNamespace();
        MemoryKills before = isCountOfItsGroup ? writer.memoryKills() : null;
        MemoryKills now = before == null ? null : MemoryKills.in(before.file());
        if (before != null && now != null && now.count() > before.count()) {
            return "killed, probably out of memory: the kernel's OOM kills in its control group rose by "
                    + (now.count() - before.count());
        }
        return "killed";
    }

    /** When the last record was logged; null if unknown. */
    private @Nullable Instant lastRecordAt() throws IOException {
        if (log.length() > 0) {
            return LogTail.lastTimestamp(directory.log(), log.length());
        }
        List<Segment> segments = directory.segments();
        File newest =
                segments.isEmpty() ? null : segments.get(segments.size() - 1).file();
        return newest == null ? null : LogTail.lastTimestamp(newest, newest.length());
    }
}
