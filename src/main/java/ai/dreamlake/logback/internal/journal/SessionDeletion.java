package ai.dreamlake.logback.internal.journal;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * Deletes a session's files. The session's lock is held, and the uploaders' lock, too, where there is a checkpoint.
 *
 * <p>A kill after any step leaves a session that is whole, or one without a log, which begins with number 0 for
 * everybody and can be deleted once more. So the order is this:
 *
 * <ol>
 *   <li>Rename the log to {@code .log_sequence}. The log and the number that continues it go in one step: the Python
 *       SDK believes that file, and takes one with anything but a number in it for 0. With the log gone first, it would
 *       go on in an empty log with the old number; with the number gone first, it would repeat the numbers of the log.
 *       We ourselves look at the log alone.
 *   <li>Delete what was renamed, the marks of writers, {@code session.json}, and what is left of files that were to be
 *       replaced or that are empty.
 *   <li>Delete the checkpoint. Not before the log, which would be uploaded once more. A checkpoint that finds another
 *       log in its place does not apply: its digest differs. And as the last file, since it proves that the session was
 *       delivered.
 * </ol>
 *
 * <p>The lock files stay, and so do the directories. A process that waits for a lock has its file open: if we deleted
 * that, another one would create and lock a new file, and both would write. A JVM could notice that; the Python SDK
 * does not look. It also writes into {@code tracks} and {@code files} without creating them again.
 */
final class SessionDeletion {

    private final SessionDirectory directory;
    private final Storage storage;

    SessionDeletion(SessionDirectory directory, Storage storage) {
        this.directory = directory;
        this.storage = storage;
    }

    /**
     * Whether nothing keeps the session, and nobody has it open.
     *
     * @param expected what lay there at an earlier look
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
            // An earlier attempt came so far.
        }
        for (Path empty : directory.filesSetAside()) {
            delete(empty);
        }
        for (File mark : directory.marks(null)) {
            delete(mark.toPath());
        }
        for (Path file : directory.filesOfLog()) {
            if (!file.equals(log)) { // which a Python program may have begun again, where our lock does not exclude it
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
