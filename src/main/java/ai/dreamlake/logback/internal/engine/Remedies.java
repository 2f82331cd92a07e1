package ai.dreamlake.logback.internal.engine;

import ai.dreamlake.logback.internal.journal.SessionLockedException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Locale;

/** Says why a record was lost and what to do about it, for an operator. */
final class Remedies {

    private Remedies() {}

    /**
     * One line: the kind of a failure, its message, and what to do. The message is left out where it might quote what
     * was logged: only messages of the operating system are included.
     *
     * @param path the property that names the directory, such as {@code <localPath>}
     */
    static String describe(Throwable failure, String path) {
        String kind = failure.getClass().getSimpleName();
        String message = failure instanceof IOException ? failure.getMessage() : null;
        String described = message == null ? kind : kind + ": " + message.replaceAll("\\p{Cntrl}", " ");
        return described + ": " + remedy(failure, path) + ".";
    }

    private static String remedy(Throwable failure, String path) {
        String message = String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT);
        if (failure instanceof SessionLockedException) {
            return "end or resume that process; it may be stopped in a debugger";
        }
        if (failure instanceof StackOverflowError) {
            return "the stack overflowed while the application logged; look for an endless recursion";
        }
        if (failure instanceof OutOfMemoryError) {
            return "the JVM is out of memory; give it more (-Xmx), or fewer threads";
        }
        if (!(failure instanceof IOException) && !(failure instanceof InvalidPathException)) {
            return "an unexpected error; please report it with its stack trace";
        }
        if (mentions(message, "no space left", "not enough space", "disk quota", "file too large")) {
            return "free some space, raise the quota or limit, or set " + path + " to another disk";
        }
        if (mentions(message, "too many open files")) {
            return "raise the limit on open files (ulimit -n), or lower <maxOpenSessions>";
        }
        if (mentions(message, "read-only file system")) {
            return "set " + path + " to a directory on a writable file system";
        }
        if (failure instanceof AccessDeniedException
                || mentions(message, "permission denied", "operation not permitted", "access is denied")) {
            return "make the directory writable for this process, or set " + path + " to one that is";
        }
        if (failure instanceof FileAlreadyExistsException
                || failure instanceof NotDirectoryException
                || mentions(message, "not a directory", "is a directory", "is a link", "is a pipe")) {
            return "something else has the name of a file or directory that is needed: move it away, or set " + path
                    + " to another directory";
        }
        if (failure instanceof InvalidPathException || mentions(message, "file name too long", "invalid argument")) {
            return "the file system does not accept that name: choose a shorter or simpler one for session or " + path;
        }
        if (failure instanceof FileSystemLoopException || mentions(message, "too many levels of symbolic links")) {
            return "remove the link that leads to itself, or set " + path + " to another directory";
        }
        if (mentions(message, "input/output error", "i/o error", "stale file handle", "no such device")) {
            return "check the disk or the mount, or set " + path + " to another one";
        }
        if (failure instanceof NoSuchFileException || mentions(message, "no such file")) {
            return "somebody removes directories while they are in use, or a link there leads nowhere: repair that, or"
                    + " set " + path + " to another directory";
        }
        return "check that the directory in " + path + " is writable";
    }

    private static boolean mentions(String message, String... causes) {
        for (String cause : causes) {
            if (message.contains(cause)) {
                return true;
            }
        }
        return false;
    }
}
