package ai.dreamlake.logback.internal.journal;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * Deletes a session's files. The session's lock is held; where there is a checkpoint, so is the uploaders' lock.
 *
 * <p>A kill after any step leaves either a whole session, or one without a log. The latter starts at number 0 for every
 * writer and can be deleted again. Hence this order:
 *
 * <ol>
 *   <li>Rename the log to {@code .log_sequence}. This removes the log and its next number in one step. The Python SDK
 *       trusts that file, and reads anything but a number in it as 0. If the log went first, the SDK would continue an
 *       empty log at the old number. If the number went first, it would repeat the log's numbers. We ourselves look
 *       only at the log.
 *   <li>Delete the renamed file, the marks of writers, {@code session.json}, temporary files of replacements that did
 *       not finish, and empty files of set-aside bytes.
 *   <li>Delete the checkpoint. If it went before the log, the log would be uploaded again. If a new log takes the old
 *       one's place, the checkpoint does not apply, since its digest differs. It is the last file because it proves
 *       that the session was delivered.
 * </ol>
 *
 * <p>The lock files and the directories stay. A process that waits for a lock has its file open. If we deleted that
 * file, another process would create and lock a new one, and both would write. A JVM could notice that; the Python SDK
 * does not check. The SDK also writes into {@code tracks} and {@code files} without creating them again.
 */
final class SessionDeletion {

    private final SessionDirectory directory;
    private final Storage storage;

    SessionDeletion(SessionDirectory directory, Storage storage) {
        this.directory = directory;
        this.storage = storage;
    }

    /**
     * Whether nothing prevents the deletion, and nobody has the session open.
     *
     * @param expected the inventory taken earlier
     */
    boolean isPossible(SessionInventory expected) throws IOException {
        return expected.isDeletable()
                && expected.equals(SessionInventory.of(directory))
                && !SequenceHint.isOpenAnywhere(directory.sequenceHint());
    }

    void run() throws IOException {
        Path log = directory.log().toPath();
        Path hint = directory.sequenceHint().toPath();
        try {
            Files.move(log, hint, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            storage.deleted(log);
        } catch (NoSuchFileException goneAlready) {
            // An earlier attempt got this far.
        }
        for (Path empty : directory.filesSetAside()) {
            delete(empty);
        }
        for (File mark : directory.marks(null)) {
            delete(mark.toPath());
        }
        for (Path file : directory.filesOfLog()) {
            if (!file.equals(log)) { // where our lock does not exclude Python programs, one may have started it again
                delete(file);
            }
        }
    }

    private void delete(Path file) throws IOException {
        if (Files.deleteIfExists(file)) {
            storage.deleted(file);
        }
    }
}
