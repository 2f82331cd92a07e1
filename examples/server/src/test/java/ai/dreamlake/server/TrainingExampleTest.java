package ai.dreamlake.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.io.TempDirFactory;
import tools.jackson.databind.node.ObjectNode;

/** What somebody sees who runs the training example. */
@Timeout(120)
class TrainingExampleTest {

    private static final int EPOCHS = 40;

    /** A user's directory may be called so. */
    @TempDir(factory = AwkwardDirectory.class)
    Path directory;

    static final class AwkwardDirectory implements TempDirFactory {
        @Override
        public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext test) throws IOException {
            return Files.createTempDirectory("alice's work ").toRealPath();
        }
    }

    private Path project() throws IOException {
        return Files.createDirectories(directory.resolve("examples/training"));
    }

    @Test
    void theConsoleShowsEachEpochAndAChartInPlainCharacters() throws IOException {
        TrainingRun run = TrainingRun.local(project());
        List<String> trained = run.lines.subList(run.indexOf("Run 2 of 2"), run.lines.size());
        assertThat(trained.stream().filter(line -> line.contains("Epoch ")).toList())
                .hasSize(EPOCHS)
                .allSatisfy(line -> assertThat(line)
                        .matches(".*Epoch .\\d of 40: loss 0\\.\\d{4}, accuracy 0\\.\\d{3}, \\d+\\.\\d s"));
        List<String> chart = run.lines.subList(
                run.indexOf("Training loss of each epoch") + 1, run.indexOf("Two sessions were written:"));
        int axis = chart.get(0).indexOf('|');
        assertThat(IntStream.rangeClosed(axis + 1, axis + EPOCHS))
                .allSatisfy(column -> assertThat(chart)
                        .filteredOn(line -> line.length() > column && line.charAt(column) == '*')
                        .hasSize(1));
        assertThat(String.join("", run.lines)).matches("\\p{ASCII}*");
    }

    @Test
    void theConsoleSaysOfEachFailureThatItIsDeliberate() throws IOException {
        TrainingRun run = TrainingRun.local(project());
        List<String> errors =
                run.lines.stream().filter(line -> line.contains(" ERROR ")).toList();
        assertThat(errors).hasSize(2).allSatisfy(line -> assertThat(line).contains("[deliberate-failure]"));
        assertThat(run.indexOf("fails on purpose")).isBetween(0, run.indexOf(errors.get(0)));
        assertThat(run.indexOf("That error was deliberate.")).isEqualTo(run.indexOf(errors.get(0)) + 1);
        assertThat(run.indexOf("missing on purpose")).isEqualTo(run.indexOf(errors.get(1)) - 1);
    }

    private static Map<Path, String> files(List<Path> sessions) throws IOException {
        Map<Path, String> files = new HashMap<>();
        for (Path session : sessions) {
            for (String name : new String[] {"session.json", "logs/logs.jsonl"}) {
                files.put(session.resolve(name), Files.readString(session.resolve(name)));
            }
        }
        return files;
    }

    @Test
    void eachRunHasTwoSessionsOfItsOwn() throws IOException {
        TrainingRun first = TrainingRun.local(project());
        Map<Path, String> files = files(first.sessions());
        TrainingRun second = TrainingRun.local(project());
        Set<Path> sessions = new HashSet<>(first.sessions());
        sessions.addAll(second.sessions());
        assertThat(project().resolve(".dreamlake/examples").toFile().listFiles())
                .extracting(File::toPath)
                .hasSize(4)
                .containsExactlyInAnyOrderElementsOf(sessions);
        assertThat(files(first.sessions())).isEqualTo(files);
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void thePrintedCommandsCanBeTypedAsTheyAre() throws Exception {
        Path tool = Files.createDirectories(directory.resolve("target")).resolve("dreamlake-logback-1.0-tool.jar");
        Files.createFile(tool);
        TrainingRun run = TrainingRun.local(project());
        Path session = run.sessions().get(0);

        Process tail = new ProcessBuilder("sh", "-c", run.after("Look at the last records:")).start();
        String output = new String(tail.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        List<String> records = Files.readAllLines(session.resolve("logs/logs.jsonl"));
        assertThat(output.lines()).isEqualTo(records.subList(records.size() - 3, records.size()));

        Process words =
                new ProcessBuilder("sh", "-c", "printf '%s\\n' " + run.after("Or with the command line tool")).start();
        assertThat(new String(words.getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines())
                .containsExactly(
                        "java",
                        "-jar",
                        tool.toString(),
                        "tail",
                        "-n",
                        "3",
                        "--root",
                        project().resolve(".dreamlake").toString(),
                        "examples/" + session.getFileName());
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    @Test
    void withoutAServerItSaysSoBeforeItTrainsAndTheNextRunDeliversWhatItKept() throws IOException {
        TrainingRun without = TrainingRun.remote(project(), "http://localhost:" + freePort());
        int notice = without.indexOf("No Dreamlake server answers at http://localhost:");
        assertThat(notice).isBetween(0, without.indexOf("Run 1 of 2"));
        assertThat(without.lines.subList(notice, without.indexOf("Run 1 of 2")))
                .contains("    " + project().resolve(".dreamlake"), "    mvn -q -f examples -P remote process-classes");
        assertThat(without.indexOf("The server does not have all of it yet.")).isNotNegative();
        assertThat(without.indexOf("#find=")).isNegative();

        try (TestServer server = new TestServer(Files.createDirectories(directory.resolve("data")))) {
            TrainingRun with = TrainingRun.remote(project(), server.url + "/");
            assertThat(with.indexOf("Logs to the server at " + server.url + " and to "))
                    .isNotNegative();
            List<Path> sessions = new ArrayList<>(without.sessions());
            sessions.addAll(with.sessions());
            for (Path session : sessions) {
                List<ObjectNode> stored =
                        server
                                .records(server.session(
                                        "examples", session.getFileName().toString()))
                                .stream()
                                .map(ObjectNode.class::cast)
                                .peek(record -> record.remove("createdAt"))
                                .toList();
                assertThat(stored)
                        .isNotEmpty()
                        .hasToString(Files.readAllLines(session.resolve("logs/logs.jsonl")).stream()
                                .map(line -> TestServer.JSON.readTree(line))
                                .toList()
                                .toString());
            }
        }
    }

    @Test
    void thePrintedAddressShowsBothRunsOnThePage() throws IOException {
        try (Browser browser = new Browser(directory)) {
            browser.signInAs("alice");
            TrainingRun.remote(project(), browser.server.url);
            TrainingRun run = TrainingRun.remote(project(), browser.server.url);
            browser.driver.get(run.after("Both are on the server."));
            List<String> names = run.sessions().stream()
                    .map(session -> session.getFileName().toString())
                    .sorted()
                    .toList();
            browser.await(
                    "both runs",
                    () -> browser.texts("#runs-table tbody .run-name a").stream()
                            .sorted()
                            .toList()
                            .equals(names));
            assertThat(browser.faults()).isEmpty();
        }
    }
}
