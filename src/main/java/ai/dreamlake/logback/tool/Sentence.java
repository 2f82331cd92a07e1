package ai.dreamlake.logback.tool;

import java.io.FileNotFoundException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.jspecify.annotations.Nullable;

/** Describes a failure for people: the message of Java's exceptions is often just a file name. */
final class Sentence {

    private Sentence() {}

    static String of(Exception failure) {
        String message = failure.getMessage();
        if (failure instanceof ToolFailure) {
            return String.valueOf(message);
        }
        if (failure instanceof NoSuchFileException || failure instanceof FileNotFoundException && isPath(message)) {
            return ended("There is no file " + message);
        }
        if (failure instanceof AccessDeniedException) {
            return ended("No permission to use " + message);
        }
        if (failure instanceof FileSystemException system && system.getReason() == null) {
            return ended("The file system refuses " + message + " (" + kind(failure) + ")");
        }
        return ended(message == null || message.isBlank() ? kind(failure) : message);
    }

    private static boolean isPath(@Nullable String message) {
        return message != null && message.indexOf('(') < 0;
    }

    private static String kind(Exception failure) {
        return failure.getClass().getSimpleName();
    }

    private static String ended(String sentence) {
        String line = Printable.line(sentence);
        return line.endsWith(".") ? line : line + ".";
    }
}
