package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.io.AppendedFile;
import ai.dreamlake.logback.internal.io.ProcessIdentity;
import ai.dreamlake.logback.internal.io.RegularFile;
import ai.dreamlake.logback.internal.record.LineFormat;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Writes to the log what a process staged in its tail before it died. This is the first thing done, under the session's
 * lock, by a process that opens a session or turns its log into a segment.
 *
 * <p>If a process died during a write, the log may have all of it, a part or nothing. So its numbered lines are
 * searched for from the position where they were to be written. Segments are searched too, because others may have
 * appended since and turned the log into a segment. Missing records are appended under the next numbers.
 *
 * <p>After a restart of the system, the tail's pages may be older or newer than the log's. Then a record is skipped,
 * whatever its number, if the log or a segment already has it after the position that the tail noted.
 *
 * <p>A lock shows that the owner is alive, but it may have been dropped. So a takeover is noted in the tail, with a new
 * epoch. An owner that is alive after all sees this before its next write, and writes only the rest.
 */
final class TailRecovery {

    /** An owner in another container is considered ended if it has not modified its tail for this long. */
    private static final long MAX_SILENCE_MILLIS = TimeUnit.DAYS.toMillis(1);

    /** Where recovered records go. Only used under the session's lock. */
    interface Log {
        long nextNumber();

        long length();

        /** Appends finished lines, numbered from {@link #nextNumber}. */
        void append(byte[] lines, int records) throws IOException;
    }

    private final SessionDirectory directory;
    private final String session;
    private final Log log;

    private @Nullable File strange;

    TailRecovery(SessionDirectory directory, String session, Log log) {
        this.directory = directory;
        this.session = session;
        this.log = log;
    }

    /**
     * Recovers all tails whose owners have ended. A tail that cannot be recovered does not stop the others.
     *
     * @param own the tail of this process, which is left alone, or null
     * @throws IOException if a tail cannot be recovered
     */
    void recoverAll(@Nullable File own) throws IOException {
        IOException failed = null;
        strange = null;
        for (File tail : directory.tails(own)) {
            if (!Files.isRegularFile(tail.toPath(), LinkOption.NOFOLLOW_LINKS)) {
                strange = tail.exists() ? tail : strange;
                continue;
            }
            try {
                recover(tail);
            } catch (IOException failure) {
                failed = failure;
            }
        }
        if (failed != null) {
            throw failed;
        }
    }

    /**
     * Something with a tail's name that is not a regular file, as of the last {@link #recoverAll}; or null. No process
     * has staged anything there.
     */
    @Nullable
    File strange() {
        return strange;
    }

    private int recover(File tail) throws IOException {
        try (RandomAccessFile file = RegularFile.open(tail, "rw")) {
            if (!isAbandoned(file)) {
                return 0;
            }
            byte[] content = new byte[(int) Math.min(file.length(), MappedTail.SIZE)];
            file.readFully(content);
            TailHeader header = TailHeader.parse(content);
            if (header == null || !header.session().equals(session)) {
                setAside(content, 0);
                Files.delete(tail.toPath());
                return 0;
            }
            // Before we write to the tail: this checks when the owner last modified it.
            boolean ownerGone = isOwnerGone(tail, header.owner());
            int records = recover(file, content, header, ownerGone);
            if (ownerGone) {
                Files.delete(tail.toPath());
            }
            return records;
        } catch (FileNotFoundException goneOrUnreadable) {
            if (tail.exists()) {
                throw goneOrUnreadable;
            }
            return 0;
        }
    }

    /** Whether the owner has ended. A free lock does not prove that, and a living owner needs its tail. */
    static boolean isOwnerGone(File tail, ProcessIdentity owner) {
        if (owner.isCurrent()) {
            return true; // this process would hold the lock
        }
        return switch (owner.life()) {
            case ENDED -> true;
            case ALIVE -> false;
            case UNKNOWN -> System.currentTimeMillis() - tail.lastModified() > MAX_SILENCE_MILLIS;
        };
    }

    /** Whether nobody holds the tail's lock. True on a file system without locks, where nobody stages. */
    private static boolean isAbandoned(RandomAccessFile file) {
        try {
            FileLock lock = file.getChannel().tryLock();
            return lock != null; // released when the file is closed
        } catch (OverlappingFileLockException ownerInThisJvm) {
            return false;
        } catch (IOException noLocksHere) {
            return true;
        }
    }

    private int recover(RandomAccessFile file, byte[] content, TailHeader header, boolean ownerGone)
            throws IOException {
        List<byte[]> staged = records(content, header);
        int end = header.unwritten() + length(staged);
        if (ownerGone) {
            setAside(content, end); // left by a kill or a power loss; but a living owner may still be storing it
        }
        if (staged.isEmpty()) {
            return 0;
        }
        int written = written(directory, header, staged);
        append(file, header, staged.subList(written, staged.size()), end);
        return staged.size() - written;
    }

    /** The records in a tail that may be in no log. */
    static List<byte[]> records(byte[] content, TailHeader header) {
        List<byte[]> staged = new ArrayList<>();
        int end = header.unwritten();
        while (end < content.length && content[end] == '{') {
            int lineFeed = end;
            while (lineFeed < content.length && content[lineFeed] != '\n') {
                lineFeed++;
            }
            byte[] record = Arrays.copyOfRange(content, end, lineFeed);
            if (lineFeed == content.length || !LineFormat.isRecord(record, 0, record.length)) {
                break; // only a power loss leaves such a record
            }
            staged.add(record);
            end = lineFeed + 1;
        }
        return staged;
    }

    /** How many bytes of a tail these records take, including line feeds. */
    static int length(List<byte[]> staged) {
        return staged.stream().mapToInt(record -> record.length + 1).sum();
    }

    /** How many of the records, from the first on, are already in a log. */
    static int written(SessionDirectory directory, TailHeader header, List<byte[]> staged) throws IOException {
        if (!header.owner().isOfThisBoot()) {
            return mostIn(directory, header, log -> LogSearch.countUnnumbered(log, header.place(), staged));
        }
        if (header.state() != TailHeader.WRITING || !LineFormat.isNumber(header.first() + staged.size())) {
            return 0;
        }
        List<byte[]> lines = new ArrayList<>();
        for (int i = 0; i < staged.size(); i++) {
            lines.add(LineFormat.finished(staged.get(i), header.first() + i));
        }
        return mostIn(directory, header, log -> LogSearch.countFrom(log, header.place(), lines));
    }

    private interface Count {
        int in(File log) throws IOException;
    }

    /** The log may have become a segment since the tail's header was written. */
    private static int mostIn(SessionDirectory directory, TailHeader header, Count count) throws IOException {
        int most = count.in(directory.log());
        for (Segment segment : directory.segments()) {
            if (segment.reaches(header.first())) {
                most = Math.max(most, count.in(segment.file()));
            }
        }
        return most;
    }

    /**
     * Appends records and notes that in the tail, so that another process can continue if we die. One write call
     * replaces the header, so a kill does not tear it.
     */
    private void append(RandomAccessFile tail, TailHeader header, List<byte[]> records, int end) throws IOException {
        int from = end;
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        long number = log.nextNumber();
        for (byte[] record : records) {
            from -= record.length + 1;
            lines.writeBytes(LineFormat.finished(record, number++));
        }
        if (!records.isEmpty()) {
            overwrite(tail, header.takenOver(TailHeader.WRITING, from, log.nextNumber(), log.length()));
            log.append(lines.toByteArray(), records.size());
        }
        overwrite(tail, header.takenOver(TailHeader.FILLING, end, log.nextNumber(), log.length()));
    }

    private static void overwrite(RandomAccessFile tail, TailHeader header) throws IOException {
        tail.seek(0);
        tail.write(header.toBytes());
    }

    /** Keeps bytes that are not records, such as a power loss leaves. */
    private void setAside(byte[] content, int from) throws IOException {
        byte[] rest = new String(content, from, content.length - from, StandardCharsets.ISO_8859_1)
                .strip()
                .getBytes(StandardCharsets.ISO_8859_1);
        if (rest.length > 0) {
            AppendedFile.append(directory.torn(), out -> {
                out.write(rest);
                out.write('\n');
            });
        }
    }
}
