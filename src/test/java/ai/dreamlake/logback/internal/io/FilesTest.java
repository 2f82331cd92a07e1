package ai.dreamlake.logback.internal.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FilesTest {

    @TempDir
    Path directory;

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void aFileIsReplacedAsAWholeAndNothingElseIsLeft() throws IOException {
        Path file = directory.resolve("state.json");
        AtomicFile.replace(file, bytes("first"));
        FileIdentity first = FileIdentity.of(file);
        AtomicFile.replace(file, bytes("second"));
        assertThat(file).hasContent("second");
        assertThat(first.isAt(file)).as("written in place").isFalse();
        try (var files = Files.list(directory)) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void aReplacementThatFailsLeavesTheOldContent() throws IOException {
        Path file = Files.writeString(directory.resolve("state.json"), "old");
        Files.createDirectory(directory.resolve(".state.json.tmp"));
        assertThatThrownBy(() -> AtomicFile.replace(file, bytes("new"))).isInstanceOf(IOException.class);
        assertThat(file).hasContent("old");
    }

    @Test
    void anInterruptedThreadReplacesFilesAndStaysInterrupted() throws IOException {
        Path file = directory.resolve("state.json");
        Thread.currentThread().interrupt();
        AtomicFile.replace(file, bytes("written"));
        assertThat(Thread.interrupted()).isTrue();
        assertThat(file).hasContent("written");
    }

    @Test
    void anAppendThatFailsIsUndone() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "before\n");
        assertThatThrownBy(() -> AppendedFile.append(file.toFile(), out -> {
                    out.write(bytes("half of "));
                    throw new IOException("No space left on device");
                }))
                .hasMessage("No space left on device");
        AppendedFile.append(file.toFile(), out -> out.write(bytes("after\n")));
        assertThat(file).hasContent("before\nafter\n");
    }

    @Test
    void aReplacedFileHasAnotherIdentityAndADeletedOneHasNone() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "same");
        Path other = Files.writeString(directory.resolve("other"), "same");
        FileIdentity identity = FileIdentity.of(file);
        assertThat(identity.isAt(file)).isTrue();
        assertThat(identity.isAt(other)).isFalse();
        Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
        assertThat(identity.isAt(file)).isFalse();
        Files.delete(file);
        assertThat(identity.isAt(file)).isFalse();
        assertThat(FileIdentity.of(file).isAt(file)).as("two missing files").isFalse();
    }

    @Test
    void aDigestsShortFormIsTheFirstHalfOfAllPartsTogether() {
        assertThat(Digests.shortHex(bytes("ab"), bytes("c"))).isEqualTo("ba7816bf8f01cfea414140de5dae2223");
    }
}
