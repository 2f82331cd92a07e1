package ai.dreamlake.logback.internal.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ThisProcessTest {

    private static final String OUTER = "0".repeat(40);
    private static final String INNER = "1".repeat(40);

    @TempDir
    Path root;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "com.example.Training",
                "com.example.Training --password=secret",
                "com.example.Training\tsecret",
                "com.example.Training first\npassword: secret\n",
                "com.example.Training \r\nsecret\u2028secret",
            })
    void aCommandIsToldWithoutItsArguments(String command) {
        assertThat(ThisProcess.withoutArguments(command)).isEqualTo("com.example.Training");
    }

    @Test
    void anUnknownCommandIsEmpty() {
        assertThat(ThisProcess.withoutArguments("")).isEmpty();
    }

    private static void write(Path file, String content) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
    }

    @ParameterizedTest
    @ValueSource(strings = {"refs/heads/experiment", "packed-refs"})
    void aLinkedWorkingTreeTellsItsOwnCommitAndNotThatOfARepositoryAroundIt(String place) throws IOException {
        write(root.resolve(".git/HEAD"), OUTER + "\n");
        write(root.resolve("main/.git/HEAD"), OUTER + "\n");
        write(
                root.resolve("main/.git").resolve(place),
                place.equals("packed-refs") ? "# pack-refs\n" + INNER + " refs/heads/experiment\n" : INNER + "\n");
        Path own = root.resolve("main/.git/worktrees/tree");
        write(own.resolve("HEAD"), "ref: refs/heads/experiment\n");
        write(own.resolve("commondir"), "../..\n");
        write(root.resolve("tree/.git"), "gitdir: " + own + "\n");
        assertThat(ThisProcess.revisionOf(root.resolve("tree/src").toFile())).isEqualTo(INNER);
    }

    @Test
    void aSubmoduleTellsItsOwnCommit() throws IOException {
        write(root.resolve(".git/HEAD"), OUTER + "\n");
        write(root.resolve(".git/modules/part/HEAD"), INNER + "\n");
        write(root.resolve("part/.git"), "gitdir: ../.git/modules/part\n");
        assertThat(ThisProcess.revisionOf(root.resolve("part").toFile())).isEqualTo(INNER);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "damaged", "gitdir: ../gone\n"})
    void aLinkThatLeadsNowhereTellsNoCommit(String link) throws IOException {
        write(root.resolve(".git/HEAD"), OUTER + "\n");
        write(root.resolve("part/.git"), link);
        assertThat(ThisProcess.revisionOf(root.resolve("part").toFile())).isNull();
    }
}
