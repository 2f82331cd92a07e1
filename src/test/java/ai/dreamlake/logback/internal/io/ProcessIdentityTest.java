package ai.dreamlake.logback.internal.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.internal.io.ProcessIdentity.Life;
import java.io.BufferedReader;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class ProcessIdentityTest {

    private static final ProcessIdentity US = ProcessIdentity.current();

    private static ProcessIdentity with(long pid, long started, long namespace, String boot) {
        return new ProcessIdentity(pid, started, namespace, boot);
    }

    @Test
    void thisProcessLives() {
        assertThat(US.isCurrent()).isTrue();
        assertThat(US.life()).isEqualTo(Life.ALIVE);
        assertThat(US.pid()).isEqualTo(ProcessHandle.current().pid());
        assertThat(US.started()).isPositive();
    }

    @Test
    void aLaterProcessWithTheSameIdIsADifferentOne() {
        ProcessIdentity before = with(US.pid(), US.started() - 1, US.namespace(), US.boot());
        assertThat(before.isCurrent()).isFalse();
        assertThat(before.life()).isEqualTo(Life.ENDED);
    }

    @Test
    void aProcessThatDoesNotExistHasEnded() {
        assertThat(with(Integer.MAX_VALUE, US.started(), US.namespace(), US.boot())
                        .life())
                .isEqualTo(Life.ENDED);
    }

    @Test
    void aProcessFromBeforeTheLastRestartHasEndedWhereverItRan() {
        String anotherBoot = "0".repeat(ProcessIdentity.BOOT_LENGTH);
        assertThat(with(US.pid(), US.started(), US.namespace(), anotherBoot).life())
                .isEqualTo(Life.ENDED);
        assertThat(with(US.pid(), US.started(), US.namespace() + 1, anotherBoot).life())
                .isEqualTo(Life.ENDED);
    }

    @Test
    void nothingIsKnownOfAProcessInAnotherContainer() {
        assertThat(with(US.pid(), US.started(), US.namespace() + 1, US.boot()).life())
                .isEqualTo(Life.UNKNOWN);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void onLinuxTheStartIsCountedFromTheBootSoTheClockMayChange() throws Exception {
        Process sleeping = new ProcessBuilder("sleep", "60").start();
        try {
            ProcessIdentity child = ProcessIdentity.of(sleeping.pid());
            assertThat(child.started()).isBetween(US.started(), US.started() + 100L * 60 * 60 * 24);
            assertThat(child.life()).isEqualTo(Life.ALIVE);
            sleeping.destroyForcibly().waitFor();
            assertThat(child.life()).isEqualTo(Life.ENDED);
        } finally {
            sleeping.destroyForcibly();
        }
    }

    /** The shell's child is killed, and the program that takes the shell's place never asks for its exit code. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void aProcessWhoseParentDoesNotAskForItsExitCodeHasEnded() throws Exception {
        Process parent = new ProcessBuilder("sh", "-c", "sleep 60 & echo $!; exec sleep 60").start();
        try (BufferedReader output = parent.inputReader()) {
            ProcessHandle child =
                    ProcessHandle.of(Long.parseLong(output.readLine())).orElseThrow();
            ProcessIdentity identity = ProcessIdentity.of(child.pid());
            assertThat(identity.life()).isEqualTo(Life.ALIVE);
            child.destroyForcibly();
            await().until(() -> identity.life() == Life.ENDED);
            assertThat(Path.of("/proc/" + child.pid())).isDirectory();
        } finally {
            parent.destroyForcibly();
        }
    }
}
