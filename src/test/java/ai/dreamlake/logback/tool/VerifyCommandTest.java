package ai.dreamlake.logback.tool;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.support.ChildJvm;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The sessions and their expected verdicts are in {@code src/test/resources/verify}. */
@Timeout(120)
class VerifyCommandTest {

    private static final Path CASES = Path.of(System.getProperty("basedir"), "src/test/resources/verify");

    @TempDir
    Path root;

    private SessionOnDisk run() {
        return SessionOnDisk.of(root, "default", "run");
    }

    private Tool verify() {
        return Tool.run("verify", "default/run", "--root", root);
    }

    private static List<Path> cases(String workspace) throws IOException {
        try (Stream<Path> sessions = Files.list(CASES.resolve(workspace))) {
            return sessions.sorted().toList();
        }
    }

    @Test
    void everyCaseHasTheExpectedVerdict() throws IOException {
        Map<String, String> before = ListCommandTest.content(CASES);
        Object[] arguments = Stream.of(List.of("verify"), cases("cases"), cases("beyond"))
                .flatMap(List::stream)
                .toArray();
        Tool verify = Tool.run(arguments);
        assertThat(verify.exitCode()).isEqualTo(1);
        assertThat(verify.out()).isEqualTo(Files.readString(CASES.resolve("expected.txt")));
        assertThat(ListCommandTest.content(CASES)).isEqualTo(before);
    }

    @Test
    void theExitCodeSaysWhetherThereAreFaults() throws IOException {
        for (Path session : cases("cases")) {
            boolean isFine = session.getFileName().toString().startsWith("fine");
            assertThat(Tool.run("verify", session).exitCode())
                    .as(session.toString())
                    .isEqualTo(isFine ? 0 : 1);
        }
    }

    @Test
    void sessionsOfTheLibraryAreFineEvenWhileTheyAreOpen() {
        try (Logging logging = Logging.to(root, appender -> appender.setSession("run"))) {
            IntStream.range(0, 1000)
                    .forEach(i -> logging.log.atInfo().addKeyValue("epoch", i).log("naïve \u0007 {}", i));
        }
        assertThat(verify().out()).isEqualTo("default/run: 1000 records, fine\n");
        try (ChildJvm child = LoggingChild.start(root, "more")) {
            run().append(run().log(), "{\"timestamp\": ");
            assertThat(verify().out()).isEqualTo("default/run: 1001 records, fine\n");
            child.kill();
        }
    }

    @Test
    void theFilesThatAKilledProcessLeftAreFaults() {
        int records = LoggingChild.killedWithATail(root);
        int inLog = run().lines().size();
        Tool verify = verify();
        assertThat(verify.exitCode()).isEqualTo(1);
        assertThat(verify.lines())
                .hasSize(3)
                .element(0)
                .asString()
                .matches(
                        "default/run: process \\d+ on \\S+ ended without closing the log: repair reports that in the log");
        assertThat(verify.lines().get(1))
                .isEqualTo(
                        "default/run: " + (records - inLog)
                                + " records of a process that ended wait in logs/logs.jsonl.tail: repair writes them to the log");
    }

    @Test
    void oneThatCannotBeReadDoesNotHideTheOthers() throws IOException {
        SessionOnDisk strange = SessionOnDisk.of(root, "default", "strange");
        strange.write(strange.description(), "{}");
        Files.createFile(strange.directory().resolve("logs"));
        run().write(run().log(), "x\n");
        Tool verify = Tool.run("verify", "default/strange", "default/run", "--root", root);
        assertThat(verify.exitCode()).isEqualTo(3);
        assertThat(verify.err()).startsWith("default/strange: ").hasLineCount(1);
        assertThat(verify.out()).contains("default/run: 1 record, ").doesNotContain("strange");
    }

    /** Python's JSON refuses it, and so the whole log. */
    @Test
    void aByteOrderMarkIsAFault() {
        run().write(run().log(), "\ufeff" + ListCommandTest.line(0, "info", "m"));
        assertThat(verify().out()).contains("logs/logs.jsonl line 1: begins with a byte order mark");
    }

    @Test
    void manyFaultsAreCounted() {
        run().write(run().log(), "x\n".repeat(1000));
        assertThat(verify().lines())
                .hasSize(22)
                .contains("default/run: and 982 more", "default/run: 1000 records, 1002 faults");
    }

    @Test
    void anythingOtherThanARegularFileIsNotOpened() throws Exception {
        SessionOnDisk run = run().write(run().log(), ListCommandTest.line(0, "info", "m"));
        for (String name : List.of(".log_sequence", ".writer", "logs.jsonl.tail")) {
            Path pipe = run.log().resolveSibling(name);
            assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                    .isZero();
        }
        Files.createSymbolicLink(run.description(), run.log());
        Tool verify = verify();
        assertThat(verify.exitCode()).isEqualTo(1);
        assertThat(verify.out())
                .contains(
                        "logs/.writer is not a regular file",
                        "logs/logs.jsonl.tail is not a regular file",
                        "log_sequence is a pipe");
        Files.delete(run.hint());
        assertThat(verify().out()).contains("session.json is a link");
    }

    @Test
    void aMissingSessionIsAUsageError() {
        assertThat(Tool.run("verify", "default/none", "--root", root).exitCode())
                .isEqualTo(2);
        assertThat(Tool.run("verify").exitCode()).isEqualTo(2);
        assertThat(Arrays.asList(Tool.run("verify").err().split("\n"))).hasSize(2);
    }
}
