package ai.dreamlake.logback.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class RemediesTest {

    static Stream<Arguments> causes() {
        return Stream.of(
                Arguments.of(new AccessDeniedException("/d"), "AccessDeniedException: /d: make the directory writable"),
                Arguments.of(new FileNotFoundException("/d/l (Permission denied)"), "make the directory writable"),
                Arguments.of(new IOException("No space left on device"), "free some space"),
                Arguments.of(new IOException("There is not enough space on the disk"), "free some space"),
                Arguments.of(new FileSystemException("/d", null, "Disk quota exceeded"), "raise the quota"),
                Arguments.of(new FileNotFoundException("/d/l (Too many open files)"), "ulimit -n"),
                Arguments.of(new FileSystemException("/d", null, "Read-only file system"), "writable file system"),
                Arguments.of(new FileAlreadyExistsException("/d"), "move it away"),
                Arguments.of(new FileSystemException("/d/s", null, "Not a directory"), "move it away"),
                Arguments.of(new FileNotFoundException("/d/l (Is a directory)"), "move it away"),
                Arguments.of(new FileSystemException("/d", null, "File name too long"), "shorter or simpler"),
                Arguments.of(new FileSystemException("/d", null, "Too many levels of symbolic links"), "link"),
                Arguments.of(new IOException("Input/output error"), "check the disk"),
                Arguments.of(new NoSuchFileException("/d"), "leads nowhere"),
                Arguments.of(new IOException("Keine Ahnung"), "the directory in <localPath> is writable"),
                Arguments.of(new IOException(), "IOException: check"),
                Arguments.of(new StackOverflowError(), "endless recursion"),
                Arguments.of(new OutOfMemoryError("Java heap space"), "-Xmx"),
                Arguments.of(new IllegalStateException("x"), "IllegalStateException: an unexpected error"));
    }

    @ParameterizedTest
    @MethodSource("causes")
    void eachCauseHasItsRemedy(Throwable cause, String told) {
        assertThat(Remedies.describe(cause, "<localPath>")).contains(told).endsWith(".");
    }

    @Test
    void noMessageIsReportedThatMightQuoteWhatWasLogged() {
        assertThat(Remedies.describe(new IllegalStateException("secret"), "<localPath>"))
                .doesNotContain("secret");
        assertThat(Remedies.describe(new InvalidPathException("secret", "secret"), "<localPath>"))
                .doesNotContain("secret");
    }
}
