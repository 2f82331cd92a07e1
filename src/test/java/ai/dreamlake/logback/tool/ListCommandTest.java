package ai.dreamlake.logback.tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.support.ChildJvm;
import ai.dreamlake.logback.support.FakeDreamlake;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

@Timeout(120)
class ListCommandTest {

    @TempDir
    Path root;

    /** A line of the Python SDK. */
    static String line(int number, String level, String message) {
        return "{\"sequenceNumber\": " + number + ", \"timestamp\": \"2025-10-25T12:40:56.751221Z\", \"level\": \""
                + level + "\", \"message\": \"" + message + "\"}\n";
    }

    private SessionOnDisk session(String name) {
        return SessionOnDisk.of(root, "default", name);
    }

    private Path tail() {
        return session("run").log().resolveSibling("logs.jsonl.tail");
    }

    private JsonNode json(Object... more) {
        Object[] arguments =
                Stream.concat(Stream.of("ls", root, "--json"), Stream.of(more)).toArray();
        Tool run = Tool.run(arguments);
        assertThat(run.err()).isEmpty();
        assertThat(run.lines()).hasSize(1);
        return JsonMapper.shared().readTree(run.out());
    }

    /** Every file with its size and time. */
    static Map<String, String> content(Path root) throws IOException {
        Map<String, String> content = new TreeMap<>();
        try (Stream<Path> files = Files.walk(root)) {
            files.filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
                    .forEach(file -> {
                        try {
                            content.put(file.toString(), Files.size(file) + " " + Files.getLastModifiedTime(file));
                        } catch (IOException e) {
                            throw new UncheckedIOException(e);
                        }
                    });
        }
        return content;
    }

    @Test
    void aClosedSessionIsShownWithItsLastRecord() {
        try (Logging logging = Logging.to(root, appender -> appender.setSession("run"))) {
            logging.log.info("first");
            logging.log.warn("last one");
        }
        Tool run = Tool.run("ls", root);
        assertThat(run.exitCode()).isZero();
        assertThat(run.lines()).hasSize(2);
        assertThat(run.lines().get(0)).matches("SESSION +STATE +LAST +SIZE +UNDELIVERED +AT +RECORD");
        assertThat(run.lines().get(1)).matches("default/run +closed +1 +[\\d.]+ K?B +- +20\\S+Z +warn last one");
    }

    @Test
    void aSessionIsOpenWithALiveWriterAndEndedWithAKilledOne() {
        try (ChildJvm child = LoggingChild.start(root, "first")) {
            assertThat(json().get("state").asString()).isEqualTo("open");
            child.kill();
            child.waitFor();
        }
        JsonNode ended = json();
        assertThat(ended.get("state").asString()).isEqualTo("ended");
        assertThat(ended.get("nextNumber").asLong()).isEqualTo(1);
        assertThat(ended.get("last").get("message").asString()).isEqualTo("first");
    }

    /** Logs a burst, and ends without a word to its appender. Arguments: local path. */
    static final class Ending {
        public static void main(String[] arguments) {
            Path root = Path.of(arguments[0]);
            Logging logging = Logging.to(root, appender -> appender.setSession("run"));
            while (!Files.exists(root.resolve("default/run/logs/logs.jsonl.tail"))) {
                logging.log.info("a burst");
            }
        }
    }

    @Test
    void aProcessThatEndedInOrderAfterABurstHasClosedItsSession() {
        try (ChildJvm child = ChildJvm.start(Ending.class, root)) {
            assertThat(child.waitFor()).isZero();
        }
        assertThat(json().get("state").asString()).isEqualTo("closed");
        assertThat(tail()).doesNotExist();
    }

    @Test
    void whereTheRootIsAboveIsSaid() throws IOException {
        session("run").write(session("run").log(), line(0, "info", "m"));
        assertThat(Tool.run("ls", root.resolve("default")).out())
                .isEqualTo("There are no sessions under " + root.resolve("default")
                        + ": it looks like a workspace, so name the directory above it.\n");
        assertThat(Tool.run("ls", session("run").directory()).out())
                .isEqualTo("There are no sessions under " + session("run").directory()
                        + ": it is a session itself, so name the directory that holds its workspace.\n");
        Path empty = Files.createDirectories(root.resolve("empty"));
        assertThat(Tool.run("ls", empty).out()).isEqualTo("There are no sessions under " + empty + ".\n");
    }

    @Test
    void nothingWaitsInAnEmptyTail() throws IOException {
        try (ChildJvm child =
                LoggingChild.start(root, Collections.nCopies(5000, "m").toArray(String[]::new))) {
            await().until(() -> Files.exists(tail()) && json().get("staged").asInt() == 0);
            child.kill();
            child.waitFor();
        }
        assertThat(json().get("state").asString()).isEqualTo("ended");
        Files.delete(session("run").log().resolveSibling(".writer")); // as if reportCrash were false
        assertThat(json().get("state").asString()).isEqualTo("closed");
    }

    @Test
    void stagedRecordsOfAKilledProcessAreCountedAndNothingIsChanged() throws IOException {
        int records = LoggingChild.killedWithATail(root);
        Map<String, String> before = content(root);
        JsonNode ended = json();
        assertThat(ended.get("nextNumber").asInt() + ended.get("staged").asInt())
                .isEqualTo(records);
        assertThat(content(root)).isEqualTo(before);
    }

    @Test
    void recordsThatTheServerDoesNotHaveAreCounted() throws IOException {
        try (FakeDreamlake server = FakeDreamlake.start();
                Logging logging = Logging.to(root, appender -> {
                    appender.setSession("run");
                    appender.setRemote(server.url());
                    appender.setApiKey(FakeDreamlake.TOKEN);
                })) {
            logging.log.info("delivered");
            assertThat(logging.appender.awaitDelivery(java.time.Duration.ofSeconds(60)))
                    .isTrue();
        }
        assertThat(json().get("undelivered").get("records").asInt()).isZero();
        String more = line(1, "info", "not delivered") + line(2, "info", "nor this");
        session("run").append(session("run").log(), more);
        JsonNode undelivered = json().get("undelivered");
        assertThat(undelivered.get("records").asInt()).isEqualTo(2);
        assertThat(undelivered.get("bytes").asInt()).isEqualTo(more.length());
    }

    @Test
    void withCountRecordsAreCountedByLevel() {
        SessionOnDisk python = session("python");
        python.write(
                python.log(), line(0, "info", "a") + line(1, "error", "b") + line(2, "error", "c") + "no record\n");
        JsonNode levels = json("--count").get("levels");
        assertThat(levels.toString()).isEqualTo("{\"error\":2,\"info\":1,\"none\":1}");
        assertThat(Tool.run("ls", root, "--count").lines().get(1)).contains("2 error, 1 info, 1 none");
        assertThat(json().has("levels")).isFalse();
    }

    /** The log is a sparse file: reading all of it would take long. */
    @Test
    void onlyTheEndOfAHugeLogIsRead() throws IOException {
        SessionOnDisk huge = session("huge");
        huge.write(huge.log(), line(0, "info", "first"));
        try (RandomAccessFile file = new RandomAccessFile(huge.log().toFile(), "rw")) {
            file.setLength(1L << 40);
            file.seek(file.length());
            file.write(("\n" + line(7_000_000, "info", "last")).getBytes());
        }
        JsonNode found = json();
        assertThat(found.get("nextNumber").asLong()).isEqualTo(7_000_001);
        assertThat(found.get("last").get("message").asString()).isEqualTo("last");
    }

    @Test
    void anythingOtherThanARegularFileIsNotOpenedAndTheOtherSessionsAreShown() throws Exception {
        SessionOnDisk good = session("good");
        good.write(good.log(), line(0, "info", "fine"));
        Path pipe = session("pipe").log();
        Files.createDirectories(pipe.getParent());
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        session("pipe").write(session("pipe").description(), "{}");
        Path link = session("link").log();
        Files.createDirectories(link.getParent());
        Files.createSymbolicLink(link, good.log());
        session("link").write(session("link").description(), "{}");
        Tool run = Tool.run("ls", root);
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("a pipe or a device", "is a link");
        assertThat(run.lines()).hasSize(2).last().asString().startsWith("default/good");
    }

    @Test
    void aDirectoryThatTheUserMayNotReadIsNamedAndTheOtherSessionsAreShown() throws Exception {
        SessionOnDisk good = session("good");
        good.write(good.log(), line(0, "info", "fine"));
        Path closed = Files.createDirectories(root.resolve("default/closed"));
        Files.setPosixFilePermissions(closed, Set.of());
        assumeThat(closed.toFile().canRead()).as("root may read everything").isFalse();
        Tool run = Tool.run("ls", root);
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).isEqualTo(closed + ": you may not read this directory\n");
        assertThat(run.lines()).hasSize(2).last().asString().startsWith("default/good");
    }

    @Test
    void controlCharactersInARecordAreShownAsText() {
        SessionOnDisk evil = session("evil");
        evil.write(evil.log(), line(0, "info\\u001b[2J", "\\u001b]0;title\\u0007"));
        assertThat(Tool.run("ls", root).out())
                .contains("\\u001b]0;title\\u0007")
                .doesNotContain("\u001b");
        assertThat(Tool.run("ls", root, "--color", "always").out()).doesNotContain("\u001b]", "\u001b[2J");
    }

    @Test
    void anEmptyOrMissingRootGetsOneSentence() {
        assertThat(Tool.run("ls", root).out()).isEqualTo("There are no sessions under " + root + ".\n");
        Tool missing = Tool.run("ls", root.resolve("missing"));
        assertThat(missing.exitCode()).isEqualTo(2);
        assertThat(missing.err()).isEqualTo("dreamlake: There is no directory " + root.resolve("missing") + ".\n");
    }

    @Test
    void theRootMayComeFromTheVariable() throws IOException {
        System.setProperty("DREAMLAKE_LOCAL_PATH", root.toString());
        try {
            assertThat(Tool.run("ls").out()).contains("under " + root);
        } finally {
            System.clearProperty("DREAMLAKE_LOCAL_PATH");
        }
    }
}
