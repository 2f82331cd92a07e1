package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.io.FileIdentity;
import ai.dreamlake.logback.internal.io.ProcessIdentity.Life;
import ai.dreamlake.logback.internal.io.RegularFile;
import ai.dreamlake.logback.internal.session.SessionName;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who writes to a session, and what is left there for its next start, as seen from outside at one moment. Nothing is
 * changed. A Python program leaves no mark, so it is not seen.
 *
 * @param writers the processes that left a mark
 * @param tails what processes have staged
 * @param strange what has the name of a mark or a tail but is not a regular file
 */
public record SessionState(List<Writer> writers, List<StagedTail> tails, List<File> strange) {

    /** Whether a session is in use. */
    public enum Kind {
        /** A process that is alive, as far as this one can know, may write to it. */
        OPEN,
        /**
         * A process ended without closing it and left its {@code .writer} or records in a tail, and no other process
         * has dealt with that yet.
         */
        ENDED,
        CLOSED
    }

    /**
     * A process that began to write.
     *
     * @param since when it first wrote
     */
    public record Writer(long pid, String host, String command, Instant since, boolean hasEnded) {}

    /**
     * What a process has staged.
     *
     * @param records the records that are in no log, without numbers; each ends with a brace
     * @param strayBytes how many other bytes there are that belong to no record
     */
    public record StagedTail(File file, List<byte[]> records, int strayBytes, boolean isOwnerGone) {}

    /** @throws IOException if the directory cannot be read */
    public static SessionState of(SessionDirectory directory, SessionName name) throws IOException {
        List<File> strange = new ArrayList<>();
        List<Writer> writers = new ArrayList<>();
        for (File mark : directory.marks(null)) {
            Writer writer = isRegular(mark, strange) ? writer(mark) : null;
            if (writer != null) {
                writers.add(writer);
            }
        }
        return new SessionState(List.copyOf(writers), tails(directory, name, strange), List.copyOf(strange));
    }

    /** Only what processes have staged: cheaper, for callers that look often. */
    public static List<StagedTail> tails(SessionDirectory directory, SessionName name) throws IOException {
        return tails(directory, name, new ArrayList<>());
    }

    private static List<StagedTail> tails(SessionDirectory directory, SessionName name, List<File> strange)
            throws IOException {
        List<StagedTail> tails = new ArrayList<>();
        for (File file : directory.tails(null)) {
            StagedTail tail = isRegular(file, strange) ? tail(directory, name, file) : null;
            if (tail != null) {
                tails.add(tail);
            }
        }
        return List.copyOf(tails);
    }

    private static boolean isRegular(File file, List<File> strange) throws IOException {
        BasicFileAttributes attributes = FileIdentity.attributes(file.toPath());
        if (attributes != null && !attributes.isRegularFile()) {
            strange.add(file);
        }
        return attributes != null && attributes.isRegularFile();
    }

    /** Null if the mark has just been removed, or cannot be parsed. */
    private static @Nullable Writer writer(File mark) throws IOException {
        try (RandomAccessFile file = RegularFile.open(mark, "rw")) { // writable, or its lock could not be tried
            WriterMark found = WriterMark.parse(CrashReports.read(file));
            return found == null ? null : writer(found, CrashReports.hasEnded(found, file));
        } catch (FileNotFoundException goneOrNotPermitted) {
            return mark.exists() ? readOnly(mark) : null;
        }
    }

    private static @Nullable Writer readOnly(File mark) throws IOException {
        try (RandomAccessFile file = RegularFile.open(mark, "r")) {
            WriterMark found = WriterMark.parse(CrashReports.read(file));
            return found == null ? null : writer(found, found.owner().life() == Life.ENDED);
        } catch (FileNotFoundException gone) {
            return null;
        }
    }

    private static Writer writer(WriterMark mark, boolean hasEnded) {
        return new Writer(mark.owner().pid(), mark.host(), mark.command(), mark.since(), hasEnded);
    }

    /** Null if the tail has just been removed. */
    private static @Nullable StagedTail tail(SessionDirectory directory, SessionName name, File tail)
            throws IOException {
        byte[] content;
        try (RandomAccessFile file = RegularFile.open(tail, "r")) {
            content = new byte[(int) Math.min(file.length(), MappedTail.SIZE)];
            file.readFully(content);
        } catch (FileNotFoundException goneOrNotPermitted) {
            if (tail.exists()) {
                throw goneOrNotPermitted;
            }
            return null;
        }
        TailHeader header = TailHeader.parse(content);
        if (header == null || !header.session().equals(name.digest())) {
            return new StagedTail(tail, List.of(), strayBytes(content, 0), true);
        }
        boolean isOwnerGone = !header.owner().isCurrent() && TailRecovery.isOwnerGone(tail, header.owner());
        List<byte[]> staged = TailRecovery.records(content, header);
        int stray = isOwnerGone ? strayBytes(content, header.unwritten() + TailRecovery.length(staged)) : 0;
        int written = staged.isEmpty() ? 0 : TailRecovery.written(directory, header, staged);
        return new StagedTail(tail, List.copyOf(staged.subList(written, staged.size())), stray, isOwnerGone);
    }

    /** The line feeds that fill a tail do not count. */
    private static int strayBytes(byte[] content, int from) {
        return new String(content, from, content.length - from, StandardCharsets.ISO_8859_1)
                .strip()
                .length();
    }

    public Kind kind() {
        if (writers.stream().anyMatch(writer -> !writer.hasEnded)
                || tails.stream().anyMatch(tail -> !tail.isOwnerGone)) {
            return Kind.OPEN;
        }
        boolean isNothingLeft = tails.stream().allMatch(tail -> tail.records.isEmpty() && tail.strayBytes == 0);
        return writers.isEmpty() && isNothingLeft ? Kind.CLOSED : Kind.ENDED;
    }

    /** How many records are staged, by living processes and by dead ones. */
    public int staged() {
        return tails.stream().mapToInt(tail -> tail.records.size()).sum();
    }
}
