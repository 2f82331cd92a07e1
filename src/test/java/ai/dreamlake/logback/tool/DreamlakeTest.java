package ai.dreamlake.logback.tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.dreamlake.logback.support.SessionOnDisk;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests what all commands share. */
class DreamlakeTest {

    @TempDir
    Path directory;

    private Path root() throws IOException {
        return directory.toRealPath().resolve("root");
    }

    private SessionOnDisk session(String workspace, String session) throws IOException {
        SessionOnDisk files = SessionOnDisk.of(root(), workspace, session);
        return files.write(files.log(), "");
    }

    @Test
    void withoutACommandItPrintsItsUsage() {
        Tool run = Tool.run();
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).startsWith("Usage: dreamlake").contains("Exit codes:", "generate-completion");
    }

    @Test
    void helpGoesToStandardOutput() {
        Tool run = Tool.run("--help");
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).startsWith("Usage: dreamlake");
        assertThat(Tool.run("--version").out()).startsWith("dreamlake ");
    }

    @Test
    void aWrongCommandLineGetsOneSentence() {
        Tool run = Tool.run("burn");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err().lines())
                .containsExactly(
                        "dreamlake: There is no command \"burn\": choose ls, tail, verify, repair, sync, export, compare,"
                                + " prune, generate-completion, help.",
                        "Try: dreamlake --help");
        assertThat(Tool.run("ls", "a", "b").err().lines())
                .containsExactly("dreamlake: \"b\" is one parameter too many.", "Try: dreamlake ls --help");
    }

    @Test
    void aMisspeltOptionGetsASuggestion() {
        assertThat(Tool.run("tail", "--levle", "warn", "a").err())
                .startsWith("dreamlake: There is no option \"--levle\". Do you mean --level?\n");
        assertThat(Tool.run("tail", "--\u001b[2J", "a").err()).doesNotContain("\u001b");
    }

    @Test
    void everyCommandExplainsItself() {
        assertThat(Tool.run("ls", "--no-such-option").exitCode()).isEqualTo(2);
        Dreamlake.commandLine().getSubcommands().keySet().forEach(command -> {
            Tool help = Tool.run(command, "--help");
            assertThat(help.exitCode()).as(command).isZero();
            assertThat(help.out()).as(command).contains("Usage: dreamlake " + command);
        });
    }

    @Test
    void completionForTheShellIsGenerated() {
        Tool run = Tool.run("generate-completion");
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).contains("_complete_dreamlake");
    }

    @Test
    void aSessionIsADirectoryOrWorkspaceAndSessionUnderTheRoot() throws Exception {
        Path found = session("work", "run").directory();
        assertThat(FoundSession.of(root(), "work/run").directory().path()).isEqualTo(found);
        FoundSession named = FoundSession.of(directory.resolve("elsewhere"), found.toString());
        assertThat(named.root()).isEqualTo(root());
        assertThat(named.name()).hasToString("work/run");
    }

    @Test
    void theNameOfANestedSessionComesFromItsDescriptionOrTheRoot() throws Exception {
        SessionOnDisk nested = session("work", "sweep/run-1");
        assertThat(FoundSession.of(root(), nested.directory().toString()).name())
                .hasToString("work/sweep/run-1");
        nested.write(nested.description(), "{\"name\": \"sweep/run-1\", \"workspace\": \"work\"}");
        FoundSession found = FoundSession.of(
                directory.resolve("elsewhere"), nested.directory().toString());
        assertThat(found.root()).isEqualTo(root());
        assertThat(found.name()).hasToString("work/sweep/run-1");
    }

    @Test
    void aPathInsideASessionsLogsNamesTheSession() throws Exception {
        SessionOnDisk run = session("work", "run");
        for (Path path : List.of(run.log(), run.log().getParent())) {
            assertThat(FoundSession.of(root(), path.toString()).name()).hasToString("work/run");
        }
    }

    @Test
    void nothingOutsideTheRootIsFoundByAName() throws Exception {
        session("work", "run");
        Files.createDirectories(root().resolve("deep"));
        assertThatThrownBy(() -> FoundSession.of(root().resolve("deep"), "../work/run"))
                .isInstanceOf(ToolFailure.class)
                .hasMessageContaining("There is no session \"../work/run\"");
        Files.createSymbolicLink(root().resolve("deep/work"), root().resolve("work"));
        assertThatThrownBy(() -> FoundSession.of(root().resolve("deep"), "work/run"))
                .isInstanceOf(ToolFailure.class)
                .hasMessageContaining("is a link");
    }

    @Test
    void allSessionsUnderARootAreFoundByName() throws Exception {
        session("work", "b");
        session("work", "a/nested");
        session("work", "a");
        session("other", "run");
        Files.createSymbolicLink(root().resolve("other/link"), root().resolve("work"));
        assertThat(FoundSession.allIn(root()))
                .extracting(FoundSession::toString)
                .containsExactly("other/run", "work/a", "work/a/nested", "work/b");
    }

    @Test
    void controlCharactersDoNothingToATerminal() {
        assertThat(Printable.line("a\u001b[31mb\nc\u202ed")).isEqualTo("a\\u001b[31mb\\nc\\u202ed");
        assertThat(Printable.line("naïve 🙂")).isEqualTo("naïve 🙂");
    }

    /** Built by "package", so it does not exist if only the tests run. */
    private static Path jar() throws IOException {
        Path target = Path.of(System.getProperty("basedir"), "target");
        try (Stream<Path> files = Files.list(target)) {
            return files.filter(file -> file.getFileName().toString().endsWith("-tool.jar"))
                    .findFirst()
                    .orElse(target.resolve("none"));
        }
    }

    private static String ofJar(Path jar, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-jar", jar.toString()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void theJarRunsAndHasAllThatItNeeds() throws Exception {
        Path jar = jar();
        assumeThat(jar).exists();
        assertThat(ofJar(jar, "--version")).matches("dreamlake \\d.*\\s+");
        assertThat(ofJar(jar, "ls", root().toString())).startsWith("dreamlake: There is no directory");
        session("work", "run").append(session("work", "run").log(), ListCommandTest.line(0, "info", "from the jar"));
        assertThat(ofJar(jar, "ls", root().toString())).contains("work/run  closed");
        assertThat(ofJar(jar, "tail", "work/run", "--root", root().toString())).endsWith("from the jar\n");
        try (ZipFile zip = new ZipFile(jar.toFile())) {
            List<String> names = zip.stream().map(entry -> entry.getName()).toList();
            assertThat(names).noneMatch(name -> name.endsWith("module-info.class"));
            assertThat(names).contains("okhttp3/OkHttpClient.class", "ch/qos/logback/classic/Logger.class");
        }
    }
}
