package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.io.FileIdentity;
import ai.dreamlake.logback.internal.io.RegularFile;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * All records of a session at one moment, for readers: what the logs contain up to a length, and what is staged but in
 * no log. Takes no lock and changes nothing, even while others write.
 *
 * @param logs oldest first: the segments of a spool, then the log
 * @param staged the records that are in no log yet; their numbers continue those of the logs
 */
public record LogSnapshot(List<Part> logs, List<Staged> staged) {

    /** How often to look while somebody writes. */
    private static final int MAX_LOOKS = 20;

    /** The visible part of a log: from its beginning up to a length. What is written later is not seen. */
    public record Part(File file, long length, FileIdentity identity) {

        static Part of(File file) throws IOException {
            FileIdentity identity = FileIdentity.of(file.toPath());
            return new Part(file, file.length(), identity);
        }

        /**
         * Opens the file.
         *
         * @throws IOException also if it has since been deleted or turned into a segment of a spool
         */
        public RandomAccessFile open() throws IOException {
            RandomAccessFile opened = RegularFile.open(file, "r");
            try {
                if (!identity.isAt(file.toPath())) {
                    throw new IOException(file + " was replaced while it was being read; try again");
                }
                return opened;
            } catch (IOException replaced) {
                opened.close();
                throw replaced;
            }
        }
    }

    /**
     * A record without its number.
     *
     * @param text without a line feed
     */
    public record Staged(byte[] text) {}

    /** What a tail contained at one look. */
    private record Look(File tail, TailHeader header, List<byte[]> records, int written) {
        boolean isLike(Look other) {
            return tail.equals(other.tail) && header.equals(other.header) && written == other.written;
        }

        Stream<byte[]> unwritten() {
            return records.stream().skip(written);
        }
    }

    /**
     * Takes a snapshot. Records move from a tail into the log, so the two are consistent only if no tail changed, and
     * no log became a segment, while the logs' lengths were read. If a tail changes at every look, staged records are
     * left out: the logs alone are still a consistent snapshot.
     *
     * @throws IOException if the session cannot be read
     */
    public static LogSnapshot of(SessionDirectory directory) throws IOException {
        List<Part> logs = List.of();
        for (int looks = 0; looks < MAX_LOOKS; looks++) {
            List<Look> before = tails(directory);
            List<Segment> segments = directory.segments();
            logs = logs(segments, directory.log());
            if (segments.equals(directory.segments()) && areAlike(before, tails(directory))) {
                return new LogSnapshot(
                        logs,
                        before.stream()
                                .flatMap(Look::unwritten)
                                .map(Staged::new)
                                .toList());
            }
        }
        return new LogSnapshot(logs, List.of());
    }

    /** How many bytes the logs have. */
    public long bytes() {
        return logs.stream().mapToLong(Part::length).sum();
    }

    private static boolean areAlike(List<Look> before, List<Look> after) {
        if (before.size() != after.size()) {
            return false;
        }
        for (int i = 0; i < before.size(); i++) {
            if (!before.get(i).isLike(after.get(i))) {
                return false;
            }
        }
        return true;
    }

    private static List<Look> tails(SessionDirectory directory) throws IOException {
        List<Look> looks = new ArrayList<>();
        for (File tail : directory.tails(null)) {
            byte[] bytes = bytes(tail);
            TailHeader header = TailHeader.parse(bytes);
            if (header != null) {
                List<byte[]> records = TailRecovery.records(bytes, header);
                int written = records.isEmpty() ? 0 : TailRecovery.written(directory, header, records);
                looks.add(new Look(tail, header, records, written));
            }
        }
        return looks;
    }

    /** Empty if it is not a regular file, or is gone: then its records are in the log. */
    private static byte[] bytes(File tail) throws IOException {
        BasicFileAttributes attributes = FileIdentity.attributes(tail.toPath());
        if (attributes == null || !attributes.isRegularFile()) {
            return new byte[0];
        }
        try (InputStream in = RegularFile.read(tail)) {
            return in.readNBytes(MappedTail.SIZE);
        } catch (FileNotFoundException goneOrUnreadable) {
            if (tail.exists()) {
                throw goneOrUnreadable;
            }
            return new byte[0];
        }
    }

    private static List<Part> logs(List<Segment> segments, File log) throws IOException {
        List<Part> logs = new ArrayList<>();
        for (Segment segment : segments) {
            logs.add(Part.of(segment.file()));
        }
        logs.add(Part.of(log));
        return logs;
    }
}
