package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.io.FileIdentity;
import ai.dreamlake.logback.internal.io.RegularFile;
import ai.dreamlake.logback.internal.journal.Segment;
import ai.dreamlake.logback.internal.journal.SessionDirectory;
import ai.dreamlake.logback.internal.record.LineFormat;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How far a session is delivered: a look from outside, at one moment, that changes nothing.
 *
 * @param fault what is wrong with the checkpoint, because of which everything would be sent again; null if it is valid
 * @param undeliveredBytes how many bytes of logs the server does not have
 * @param nextNumber the number of the first record that the server does not have; -1 if that is not known
 * @param lost how many records were dropped and not yet reported to the server
 */
public record DeliveryState(@Nullable String fault, long undeliveredBytes, long nextNumber, long lost) {

    /**
     * Looks at a session.
     *
     * @return null if it is not marked for delivery
     */
    public static @Nullable DeliveryState of(SessionDirectory directory) throws IOException {
        Path file = directory.checkpoint();
        BasicFileAttributes attributes = FileIdentity.attributes(file);
        if (attributes == null) {
            return null;
        }
        RegularFile.check(file.toFile());
        List<File> logs = new ArrayList<>();
        for (Segment segment : directory.segments()) {
            logs.add(segment.file());
        }
        logs.add(directory.log());
        long later = logs.stream().skip(1).mapToLong(File::length).sum();
        try (RandomAccessFile oldest = RegularFile.open(logs.get(0), "r")) {
            Checkpoint written = Checkpoint.parse(file);
            Checkpoint valid = Checkpoint.read(file, oldest);
            boolean isRefused = attributes.size() > 0 && !valid.equals(written);
            long next = valid.offset() == 0 && (isRefused || valid.number() == 0) ? -1 : valid.number();
            return new DeliveryState(
                    isRefused ? fault(written, oldest) : null,
                    oldest.length() - valid.offset() + later,
                    next,
                    valid.lost());
        } catch (FileNotFoundException noLog) {
            Checkpoint written = Checkpoint.parse(file);
            return new DeliveryState(null, later, -1, written.lost());
        }
    }

    private static String fault(Checkpoint written, RandomAccessFile log) throws IOException {
        if (written.offset() < 0 || written.end() < written.offset() || !LineFormat.isNumber(written.number())) {
            return "is damaged";
        }
        return written.end() > log.length()
                ? "says that " + written.end() + " bytes were sent, and the log has " + log.length()
                : "belongs to another log";
    }
}
