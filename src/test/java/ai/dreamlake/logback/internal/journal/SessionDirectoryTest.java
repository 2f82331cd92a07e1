package ai.dreamlake.logback.internal.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD) // an interrupt cannot end the open of a pipe
class SessionDirectoryTest {

    @TempDir
    Path path;

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void aPipeInPlaceOfTheLogsDoesNotBlockASearchThroughAllSessions() throws Exception {
        SessionDirectory session = new SessionDirectory(path);
        assertThat(new ProcessBuilder("mkfifo", session.logs().toString())
                        .start()
                        .waitFor())
                .isZero();
        assertThat(session.hasTails()).isFalse();
        assertThatThrownBy(session::segments).isInstanceOf(NotDirectoryException.class);
    }

    @Test
    void aMissingDirectoryOfLogsCountsAsEmpty() throws Exception {
        SessionDirectory session = new SessionDirectory(path.resolve("missing"));
        assertThat(session.hasTails()).isFalse();
        assertThat(session.segments()).isEmpty();
        Files.createDirectories(session.logs());
        assertThat(session.segments()).isEmpty();
    }
}
