package ai.dreamlake.logback.tool;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.support.ChildJvm;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** With real JVMs that are killed. */
@Timeout(120)
class RepairCommandTest {

    @TempDir
    Path root;

    private SessionOnDisk run() {
        return SessionOnDisk.of(root, "default", "run");
    }

    private Tool repair() {
        return Tool.run("repair", "default/run", "--root", root);
    }

    private Tool verify() {
        return Tool.run("verify", "default/run", "--root", root);
    }

    /** Makes the log look as if it had not been touched for a while. */
    private void leaveAlone() throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.toList()) {
                Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(60)));
            }
        }
    }

    @Test
    void stagedRecordsOfAKilledProcessComeIntoTheLogAndItsEndIsReportedOnce() {
        int records = LoggingChild.killedWithATail(root);
        int staged = records - run().lines().size();
        Tool repair = repair();
        assertThat(repair.exitCode()).as(repair.err()).isZero();
        assertThat(repair.out())
                .contains("default/run: wrote " + staged + " records to the log, which an ended process had staged\n")
                .containsPattern(
                        "default/run: reported in the log that process \\d+ on \\S+ ended without closing it\n");
        run().assertGapless(records + 1);
        run().assertLeftBehindRightly();
        assertThat(run().messages().get(records)).matches(SessionOnDisk::isCrashReport);
        assertThat(verify().exitCode()).as(verify().out()).isZero();
        assertThat(repair().out()).isEqualTo("default/run: nothing to repair\n");
        run().assertGapless(records + 1);
    }

    /** It changes with each record: that is worth no word. */
    @Test
    void theNumberForPythonIsToldOnlyIfNothingElseExplainsIt() {
        LoggingChild.killed(root, "first");
        assertThat(repair().lines())
                .hasSize(1)
                .first()
                .asString()
                .matches("default/run: reported in the log that process \\d+ on \\S+ ended without closing it");
    }

    @Test
    void aTornEndIsSetAside() throws IOException {
        try (Logging logging = Logging.to(root, appender -> appender.setSession("run"))) {
            logging.log.info("first");
        }
        run().append(run().log(), "{\"timestamp\": \"2025");
        leaveAlone();
        assertThat(repair().out()).contains("default/run: set 20 bytes aside in logs/logs.jsonl.torn\n");
        run().assertGapless(1);
        assertThat(run().torn()).hasContent("{\"timestamp\": \"2025");
        assertThat(verify().exitCode()).isZero();
    }

    /** A young torn end may be a line that a Python program is still writing. */
    @Test
    void aYoungTornEndHasAMomentToBecomeALine() {
        try (Logging logging = Logging.to(root, appender -> appender.setSession("run"))) {
            logging.log.info("first");
        }
        run().append(run().log(), "{\"timestamp\": \"2025");
        Tool repair = repair();
        assertThat(repair.exitCode()).as(repair.err()).isZero();
        run().assertGapless(1);
    }

    @Test
    void theNumberForPythonAndTheDescriptionAreRepaired() throws IOException {
        run().write(run().log(), ListCommandTest.line(0, "info", "a") + ListCommandTest.line(1, "info", "b"));
        run().write(run().hint(), "17");
        leaveAlone();
        assertThat(repair().lines())
                .containsExactly(
                        "default/run: wrote session.json",
                        "default/run: corrected .log_sequence: the Python SDK continues with number 2");
        run().assertLeftBehindRightly();
        assertThat(verify().exitCode()).as(verify().out()).isZero();
        run().write(run().description(), "{\"name\"");
        repair();
        assertThat(run().readDescription().get("name").asString()).isEqualTo("run");
        assertThat(run().directory().resolve("session.json.damaged")).hasContent("{\"name\"");
    }

    @Test
    void nothingIsChangedInAHealthySession() throws IOException {
        try (Logging logging = Logging.to(root, appender -> appender.setSession("run"))) {
            logging.log.info("first");
        }
        Map<String, String> before = ListCommandTest.content(root);
        assertThat(repair().out()).isEqualTo("default/run: nothing to repair\n");
        assertThat(ListCommandTest.content(root)).isEqualTo(before);
    }

    @Test
    void aLiveProcessIsLeftAlone() throws IOException {
        try (ChildJvm child = ChildJvm.start(LoggingChild.class, root, "stage")) {
            int records = Integer.parseInt(child.readLine());
            Map<String, String> before = ListCommandTest.content(root);
            assertThat(repair().lines())
                    .containsExactly(
                            "default/run: nothing to repair",
                            "default/run: is open: what belongs to its live process was left alone");
            assertThat(ListCommandTest.content(root)).isEqualTo(before);
            child.kill();
            child.waitFor();
            repair();
            run().assertGapless(records + 1);
        }
    }

    @Test
    void theDirectoryOfANestedSessionIsRepairedUnderItsOwnName() {
        LoggingChild.killed(root, "first");
        Tool repair = Tool.run("repair", run().directory());
        assertThat(repair.out()).contains("default/run: reported in the log that process");
        run().assertGapless(2);
    }

    @Test
    void aLogThatIsALinkIsNotFollowed() throws IOException {
        Path elsewhere = Files.writeString(root.resolve("elsewhere"), "torn");
        Files.createDirectories(run().log().getParent());
        Files.createSymbolicLink(run().log(), elsewhere);
        Tool repair = repair();
        assertThat(repair.exitCode()).isEqualTo(3);
        assertThat(repair.err().lines()).hasSize(1).first().asString().contains("is a link");
        assertThat(elsewhere).hasContent("torn");
    }
}
