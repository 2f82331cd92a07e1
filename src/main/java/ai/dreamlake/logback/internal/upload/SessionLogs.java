package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.journal.LogTail;
import ai.dreamlake.logback.internal.journal.OpenJournals;
import ai.dreamlake.logback.internal.journal.SealedLog;
import ai.dreamlake.logback.internal.journal.SpoolFile;
import ai.dreamlake.logback.internal.session.SessionName;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A session's logs on disk: the one that records are appended to and, in a spool, those that were sealed before it. */
final class SessionLogs {

    private final SessionName name;
    private final Path root;

    /** How the journals of a spool are opened; null where the log stays when it is delivered. */
    private final SpoolFile spool;

    private final File directory;
    private final File current;

    SessionLogs(SessionName name, Path root, SpoolFile spool) {
        this.name = name;
        this.root = root;
        this.spool = spool;
        this.directory = name.directory(root).resolve("logs").toFile();
        this.current = new File(directory, "logs.jsonl");
    }

    boolean areSpooled() {
        return spool != null;
    }

    /** A file beside them. */
    Path file(String name) {
        return directory.toPath().resolve(name);
    }

    boolean areGone() {
        return Files.notExists(directory.toPath());
    }

    boolean haveNewRecords() {
        return current.length() > 0;
    }

    void makeDirectory() throws IOException {
        if (spool != null) {
            spool.createDirectory(directory.toPath());
        } else {
            Files.createDirectories(directory.toPath());
        }
    }

    /** The oldest first. */
    List<File> all() throws IOException {
        List<File> logs = new ArrayList<>();
        for (SealedLog sealed : SealedLog.in(directory)) {
            logs.add(sealed.file());
        }
        logs.add(current);
        return logs;
    }

    private File oldest() throws IOException {
        List<SealedLog> sealed = spool == null ? List.of() : SealedLog.in(directory);
        return sealed.isEmpty() ? current : sealed.get(0).file();
    }

    /** Whether the oldest one is that which is appended to. */
    boolean isOldestCurrent() throws IOException {
        return spool == null || SealedLog.in(directory).isEmpty();
    }

    /** The oldest one, open: so it stays the same one when the journal renames it. Null if there is none. */
    RandomAccessFile openOldest() throws IOException {
        while (true) {
            File oldest = oldest();
            RandomAccessFile file;
            try {
                file = new RandomAccessFile(oldest, "r");
            } catch (FileNotFoundException renamedOrGone) {
                if (oldest.equals(oldest())) {
                    if (oldest.exists()) {
                        throw renamedOrGone; // it is there, and cannot be opened
                    }
                    return null;
                }
                continue;
            }
            if (oldest.equals(oldest())) {
                return file;
            }
            file.close(); // it was sealed meanwhile, and this may be the one behind it
        }
    }

    /** Seals the current log of a spool, if it has this length and nobody else is at it. */
    boolean seal(long length) throws IOException {
        return OpenJournals.seal(root, name, length, spool);
    }

    /** The oldest one, sealed if it was not. Null if that cannot be done at present. */
    SealedLog oldestSealed() throws IOException {
        List<SealedLog> sealed = SealedLog.in(directory);
        if (sealed.isEmpty() && seal(current.length())) {
            sealed = SealedLog.in(directory);
        }
        return sealed.isEmpty() ? null : sealed.get(0);
    }

    /** Sets aside what stands behind a position in the oldest one. Returns what is to be said of it. */
    String cutOldest(long position) throws IOException {
        File oldest = oldest();
        long bytes = LogTail.cut(oldest, position, new File(directory, "logs.jsonl.torn"));
        return oldest + " did not end with a record: " + bytes + " bytes are set aside in logs.jsonl.torn";
    }
}
