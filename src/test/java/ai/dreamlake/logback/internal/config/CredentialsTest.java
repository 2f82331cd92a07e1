package ai.dreamlake.logback.internal.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.dreamlake.logback.internal.config.Credentials.UserName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where tokens come from, and when they change. */
class CredentialsTest {

    @TempDir
    Path directory;

    private final AtomicLong nanoTime = new AtomicLong(Long.MAX_VALUE - 5); // it may overflow

    private TokenFile file(Path path) {
        return new TokenFile(path, nanoTime::get);
    }

    /**
     * Replaces links as Kubernetes does: token links to ..data/token, and ..data links to the directory of one version.
     */
    @Test
    void aSecretWhoseLinkIsReplacedIsReadAgain() throws IOException {
        mount("v1", "first");
        Path link = Files.createSymbolicLink(directory.resolve("token"), Path.of("..data/token"));
        TokenFile file = file(link);
        assertThat(file.token()).isEqualTo("first");
        mount("v2", "other"); // as long, and as old
        assertThat(file.token()).isEqualTo("other");
        mount("v3", "a longer one\n");
        assertThatThrownBy(file::token).hasMessageEndingWith("it has characters that no header can have.");
        mount("v4", "  a-longer-one \n");
        assertThat(file.token()).isEqualTo("a-longer-one");
    }

    private void mount(String version, String token) throws IOException {
        Path file = Files.createDirectory(directory.resolve(version)).resolve("token");
        Files.writeString(file, token);
        Files.setLastModifiedTime(file, FileTime.fromMillis(0));
        Path swapped = Files.createSymbolicLink(directory.resolve("swapped"), Path.of(version));
        Files.move(
                swapped,
                directory.resolve("..data"),
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    @Test
    void aChangeThatTheAttributesDoNotShowIsFoundWithinAMinute() throws IOException {
        Path path = Files.writeString(directory.resolve("token"), "first");
        FileTime time = Files.getLastModifiedTime(path);
        TokenFile file = file(path);
        assertThat(file.token()).isEqualTo("first");
        Files.writeString(path, "other");
        Files.setLastModifiedTime(path, time);
        assertThat(file.token()).as("it was not read").isEqualTo("first");
        nanoTime.addAndGet(TimeUnit.SECONDS.toNanos(60) - 1);
        assertThat(file.token()).isEqualTo("first");
        nanoTime.addAndGet(1);
        assertThat(file.token()).isEqualTo("other");
    }

    @Test
    void aFileThatComesAndGoesGivesATokenWhileItExists() throws IOException {
        Path path = directory.resolve("token");
        TokenFile file = file(path);
        assertThatThrownBy(file::token).hasMessage("<apiKeyFile> " + path + " gives no token: it is missing");
        Files.writeString(path, " \n");
        assertThatThrownBy(file::token).hasMessage("<apiKeyFile> " + path + " gives no token: it is empty");
        Files.writeString(path, "token");
        assertThat(file.token()).isEqualTo("token");
        Files.delete(path);
        assertThatThrownBy(file::token).isInstanceOf(IOException.class);
        Files.createDirectory(path);
        assertThatThrownBy(file::token).hasMessageContaining("is a directory");
    }

    @ParameterizedTest
    @ValueSource(strings = {"two words", "tok\u00e9n", "to\rken", "a\nb"})
    void textThatNoHeaderCanHaveIsRefusedAsATokenAndNotShown(String content) throws IOException {
        Path path = Files.writeString(directory.resolve("f"), content);
        assertThatThrownBy(() -> file(path).token())
                .hasMessage("<apiKeyFile> " + path + " gives no token: it has characters that no header can have.");
    }

    @Test
    void aHugeFileTakesLittleMemory() throws IOException {
        Path path = Files.writeString(directory.resolve("f"), "x".repeat(100_000));
        assertThatThrownBy(() -> file(path).token()).hasMessageContaining("is longer than 65536 bytes");
    }

    @Test
    void aFailingProviderIsNamedButItsMessageIsNotShown() throws IOException {
        ProvidedTokens failing = new ProvidedTokens("com.example.P", () -> {
            throw new IllegalStateException("secret");
        });
        assertThatThrownBy(failing::token)
                .isInstanceOf(IOException.class)
                .hasMessage("<tokenProvider> com.example.P failed: java.lang.IllegalStateException");
        ProvidedTokens empty = new ProvidedTokens("com.example.P", () -> null);
        assertThatThrownBy(empty::token).hasMessage("<tokenProvider> com.example.P gives no token: it is empty");
        assertThat(new ProvidedTokens("P", () -> " token ").token()).isEqualTo("token");
    }

    @Test
    void anInterruptedProviderLeavesTheFlagSet() {
        ProvidedTokens waiting = new ProvidedTokens("P", () -> {
            throw new InterruptedException();
        });
        assertThatThrownBy(waiting::token).isInstanceOf(IOException.class);
        assertThat(Thread.interrupted()).isTrue();
    }

    /** A comparison of tokens must not see a new one each time. */
    @Test
    void theTokenOfDevelopmentModeStaysTheSameForADay() {
        AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2025-10-29T10:30:00Z"));
        UserName alice = new UserName("alice", now::get);
        String first = alice.token();
        now.updateAndGet(time -> time.plus(Duration.ofHours(24).minusSeconds(1)));
        assertThat(alice.token()).isEqualTo(first);
        now.updateAndGet(time -> time.plusSeconds(1));
        String second = alice.token();
        assertThat(second).isNotEqualTo(first);
        now.updateAndGet(time -> time.minusSeconds(10)); // somebody set the clock
        assertThat(alice.token()).isNotEqualTo(second);
    }
}
