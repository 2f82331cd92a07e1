package ai.dreamlake.logback.tool;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.support.ChildJvm;
import ai.dreamlake.logback.support.FakeDreamlake;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The rules that decide are tested together with {@code <localRetention>}. */
@Timeout(120)
class PruneCommandTest {

    @TempDir
    Path root;

    private SessionOnDisk session(String name) {
        return SessionOnDisk.of(root, "default", name);
    }

    private void setAge(SessionOnDisk session, int days) throws IOException {
        try (Stream<Path> files = Files.walk(session.directory())) {
            for (Path file : files.toList()) {
                Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofDays(days))));
            }
        }
    }

    private SessionOnDisk closed(String name, int days) throws IOException {
        try (Logging logging = Logging.to(root, appender -> appender.setSession(name))) {
            logging.log.info("m");
        }
        setAge(session(name), days);
        return session(name);
    }

    private Tool prune(Object... more) {
        return Tool.run(Stream.concat(Stream.of("prune", root), Stream.of(more)).toArray());
    }

    @Test
    void oldSessionsAreDeletedAndYoungOnesStay() throws IOException {
        SessionOnDisk old = closed("old", 31);
        SessionOnDisk young = closed("young", 29);
        Tool prune = prune("--older-than", "30d");
        assertThat(prune.exitCode()).as(prune.err()).isZero();
        assertThat(prune.lines()).hasSize(2).startsWith("default/old: deleted");
        assertThat(prune.lines().get(1)).matches("1 session with \\S+ K?B deleted, 1 session with \\S+ K?B stays");
        assertThat(old.log()).doesNotExist();
        young.assertGapless(1);
        assertThat(prune("--older-than", "30d").out())
                .as("the directories that are left are no session")
                .startsWith("0 sessions with 0 B deleted, 1 session with ");
        assertThat(Tool.run("ls", root).lines())
                .as("what is left of it is no session")
                .hasSize(2);
    }

    @Test
    void theOldestAreDeletedUntilTheRestFits() throws IOException {
        SessionOnDisk oldest = closed("a", 30);
        SessionOnDisk older = closed("b", 20);
        for (SessionOnDisk session : new SessionOnDisk[] {oldest, older}) {
            session.append(session.log(), ListCommandTest.line(1, "info", "x".repeat(600 * 1024)));
        }
        setAge(oldest, 30);
        setAge(older, 20);
        assertThat(prune("--keep", "1MB").lines())
                .startsWith("default/a: deleted")
                .hasSize(2);
        assertThat(older.log()).exists();
    }

    @Test
    void aSizeThatIsNotReachedIsExplained() throws IOException {
        closed("just now", 0);
        closed("yesterday", 1);
        assertThat(prune("--keep", "0").lines())
                .hasSize(3)
                .last()
                .isEqualTo("That is more than --keep 0: see --help for what always stays.");
        assertThat(prune("--keep", "1MB").lines()).hasSize(1);
    }

    @Test
    void aDryRunSaysTheSameAndDeletesNothing() throws IOException {
        closed("old", 31);
        closed("young", 29);
        Map<String, String> before = ListCommandTest.content(root);
        assertThat(prune("--older-than", "30d", "--dry-run").lines())
                .hasSize(2)
                .startsWith("default/old: would be deleted");
        assertThat(ListCommandTest.content(root)).isEqualTo(before);
    }

    /** A session of Python's may have no lock file yet. */
    @Test
    void aDryRunCreatesNothing() throws IOException {
        SessionOnDisk session = session("python");
        session.write(session.log(), ListCommandTest.line(0, "info", "m"));
        setAge(session, 31);
        Map<String, String> before = ListCommandTest.content(root);
        assertThat(prune("--older-than", "30d", "--dry-run").lines())
                .hasSize(2)
                .startsWith("default/python: would be deleted");
        assertThat(ListCommandTest.content(root)).isEqualTo(before);
        assertThat(prune("--older-than", "30d").out()).startsWith("default/python: deleted");
    }

    @Test
    void sessionsWithParametersTracksOrFilesStay() throws IOException {
        for (String file :
                new String[] {"parameters.json", "tracks/loss/data.msgpack", "files/model.pt", "notes.txt"}) {
            SessionOnDisk session = closed("with-" + file.replaceAll("\\W.*", ""), 31);
            session.write(session.directory().resolve(file), "{}");
            setAge(session, 31);
        }
        assertThat(prune("--older-than", "30d").out()).startsWith("0 sessions");
    }

    @Test
    void aSessionOfALiveOrDeadProcessStays() throws IOException {
        try (ChildJvm child = LoggingChild.start(root, "first")) {
            setAge(session("run"), 31);
            assertThat(prune("--older-than", "30d").out()).startsWith("0 sessions");
            child.kill();
            child.waitFor();
        }
        assertThat(prune("--older-than", "30d").out()).startsWith("0 sessions");
        Tool.run("repair", session("run").directory());
        setAge(session("run"), 31);
        assertThat(prune("--older-than", "30d").out()).startsWith("default/run: deleted");
    }

    @Test
    void undeliveredSessionsStayUntilTheyAreDelivered() throws IOException {
        try (FakeDreamlake server = FakeDreamlake.start();
                Logging logging = Logging.to(root, appender -> {
                    appender.setSession("run");
                    appender.setRemote(server.url());
                    appender.setApiKey(FakeDreamlake.TOKEN);
                })) {
            logging.log.info("delivered");
            assertThat(logging.appender.awaitDelivery(Duration.ofSeconds(60))).isTrue();
        }
        String log = Files.readString(session("run").log());
        session("run").append(session("run").log(), ListCommandTest.line(1, "info", "not delivered"));
        setAge(session("run"), 31);
        assertThat(prune("--older-than", "30d").out()).startsWith("0 sessions");
        session("run").write(session("run").log(), log);
        setAge(session("run"), 31);
        assertThat(prune("--older-than", "30d").out()).startsWith("default/run: deleted");
    }

    @Test
    void nothingOutsideOfTheRootGoes(@TempDir Path elsewhere) throws IOException {
        SessionOnDisk outside = SessionOnDisk.of(elsewhere, "work", "run");
        outside.write(outside.log(), ListCommandTest.line(0, "info", "m"));
        setAge(outside, 31);
        Files.createSymbolicLink(root.resolve("work"), elsewhere.resolve("work"));
        assertThat(prune("--older-than", "30d").out()).startsWith("0 sessions");
        assertThat(outside.log()).exists();
    }

    @Test
    void aSessionWithALinkInItStaysAndTheOthersAreDeleted() throws IOException {
        closed("old", 31);
        Path linked = session("linked").directory().resolve("logs");
        Files.createDirectories(linked);
        Files.createSymbolicLink(linked.resolve(".writer"), linked.resolve(".writer"));
        session("linked").write(session("linked").log(), ListCommandTest.line(0, "info", "m"));
        Files.setLastModifiedTime(
                session("linked").log(), FileTime.from(Instant.now().minus(Duration.ofDays(31))));
        assertThat(prune("--older-than", "30d").out()).startsWith("default/old: deleted");
        assertThat(session("linked").log()).exists();
    }

    @Test
    void theCommandLineMustSayWhatToDelete() {
        assertThat(prune().err()).isEqualTo("dreamlake: Say what to delete: --older-than 30d, --keep 10GB, or both.\n");
        assertThat(prune("--older-than", "1s").exitCode()).isEqualTo(2);
        assertThat(prune("--older-than", "young").exitCode()).isEqualTo(2);
        assertThat(prune("--keep", "much").exitCode()).isEqualTo(2);
        assertThat(Tool.run("prune", "--keep", "1GB").exitCode())
                .as("no root is named")
                .isEqualTo(2);
        assertThat(Tool.run("prune", root.resolve("none"), "--keep", "1GB").exitCode())
                .isEqualTo(2);
    }
}
