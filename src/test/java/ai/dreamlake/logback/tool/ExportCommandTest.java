package ai.dreamlake.logback.tool;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.support.ChildJvm;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import ch.qos.logback.core.util.Duration;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Exports sessions for other programs. */
class ExportCommandTest {

    private static final String LOG = """
            {"timestamp": "2025-10-29T10:30:00.000000Z", "level": "info", "message": "starts, \\"now\\"", "metadata": null, "sequenceNumber": 0}
            {"timestamp": "2025-10-29T10:30:01.500000Z", "level": "info", "message": "step", "metadata": {"step": 10, "loss": {"train": 0.50, "val": "NaN"}}, "sequenceNumber": 1}
            {"sequenceNumber": 2, "timestamp": "2025-10-29T10:30:02Z", "level": "warn", "message": "epoch", "metadata": {"epoch": 1.5, "acc": 1e-3, "who": "\\u2028alice"}}
            {"timestamp": "2025-10-29T10:30:03.000000Z", "level": "info", "message": "\\"free\\"", "metadata": {"acc": 7}, "sequenceNumber": 3}
            """;

    @TempDir
    Path directory;

    private Path root() {
        return directory.resolve("root");
    }

    private void session(String name, String log) {
        SessionOnDisk files = SessionOnDisk.of(root(), "project", name);
        files.write(files.log(), log);
    }

    private Tool export(Object... arguments) {
        Object[] all = new Object[arguments.length + 3];
        all[0] = "export";
        all[1] = "--root";
        all[2] = root();
        System.arraycopy(arguments, 0, all, 3, arguments.length);
        return Tool.run(all);
    }

    @Test
    void aTableHasAColumnForEachFieldOfMetadata() {
        session("run", LOG);
        Tool run = export("project/run", "--format", "csv");
        assertThat(run.err()).isEmpty();
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).isEqualTo("""
                        timestamp,level,message,sequenceNumber,metadata.step,metadata.loss.train,metadata.loss.val,metadata.epoch,metadata.acc,metadata.who
                        2025-10-29T10:30:00.000000Z,info,"starts, ""now""\",0,,,,,,
                        2025-10-29T10:30:01.500000Z,info,step,1,10,0.50,NaN,,,
                        2025-10-29T10:30:02Z,warn,epoch,2,,,,1.5,1e-3,%salice
                        2025-10-29T10:30:03.000000Z,info,""\"free""\",3,,,,,7,
                        """.formatted("\u2028"));
    }

    @Test
    void aDashIsStandardOutput() {
        session("run", LOG);
        Tool run = export("project/run", "--format", "csv", "-o", "-");
        assertThat(run.out()).isEqualTo(export("project/run", "--format", "csv").out());
        assertThat(Path.of("-")).doesNotExist();
        assertThat(export("project/run", "--format", "tensorboard", "-o", "-").exitCode())
                .isEqualTo(2);
    }

    @Test
    void jsonLinesHaveTheFieldsOfEachRecord() {
        session("run", LOG.lines().skip(2).limit(1).findFirst().orElseThrow() + "\n");
        assertThat(export("project/run", "--format", "jsonl").out())
                .isEqualTo("{\"timestamp\": \"2025-10-29T10:30:02Z\", \"level\": \"warn\", \"message\": \"epoch\","
                        + " \"sequenceNumber\": 2, \"metadata.epoch\": 1.5, \"metadata.acc\": 1e-3,"
                        + " \"metadata.who\": \"\\u2028alice\"}\n");
    }

    @Test
    void pythonsNumbersThatJsonDoesNotAllowBecomeTexts() {
        session("run", "{\"metadata\": {\"a\": NaN, \"b\": -Infinity}}\n");
        assertThat(export("project/run", "--format", "jsonl").out())
                .contains("\"metadata.a\": \"NaN\", \"metadata.b\": \"-Infinity\"");
    }

    @Test
    void numbersBelongToStepOrEpochOrElseToTheirRecord() {
        session("run", LOG);
        assertThat(export("project/run", "--format", "csv", "--numbers").out()).isEqualTo("""
                        axis,step,timestamp,name,value
                        step,10,2025-10-29T10:30:01.500000Z,loss.train,0.50
                        step,10,2025-10-29T10:30:01.500000Z,loss.val,NaN
                        epoch,1.5,2025-10-29T10:30:02Z,acc,1e-3
                        record,3,2025-10-29T10:30:03.000000Z,acc,7
                        """);
        assertThat(export("project/run", "--format", "csv", "--numbers", "--step", "record")
                        .out())
                .contains("record,1,2025-10-29T10:30:01.500000Z,step,10\n");
    }

    @Test
    void rowsOfSeveralSessionsNameTheirSession() {
        session("a", LOG);
        session("b", "{\"sequenceNumber\": 0, \"level\": \"info\", \"message\": \"only\"}\n");
        Tool run = export("project/a", "project/b", "--format", "csv");
        assertThat(run.lines().get(0)).startsWith("session,timestamp,");
        assertThat(run.lines()).anyMatch(line -> line.startsWith("project/b,,info,only,0,"));
    }

    @Test
    void aFileIsWrittenAsAWholeAndDirectoriesAreMade() throws IOException {
        session("run", LOG);
        Path file = directory.resolve("deep/table.csv");
        assertThat(export("project/run", "--format", "csv", "-o", file).exitCode())
                .isZero();
        assertThat(Files.readString(file))
                .isEqualTo(export("project/run", "--format", "csv").out());
        assertThat(file.getParent().toFile().list()).containsExactly("table.csv");
    }

    @Test
    void anythingOtherThanARegularFileIsNotReplaced() throws IOException {
        session("run", LOG);
        Path link =
                Files.createSymbolicLink(directory.resolve("link"), Files.createFile(directory.resolve("precious")));
        Tool run = export("project/run", "--format", "csv", "-o", link);
        assertThat(run.exitCode()).isEqualTo(3);
        assertThat(run.err()).contains("is a link, not a regular file");
        assertThat(link).isSymbolicLink();
    }

    @Test
    void itEndsWhenItsReaderIsGone() {
        session("run", "{\"message\": \"x\"}\n".repeat(100_000));
        AtomicInteger written = new AtomicInteger();
        Writer pipe = new Writer() {
            @Override
            public void write(char[] text, int start, int count) throws IOException {
                if (written.addAndGet(count) > 10_000) {
                    throw new IOException("Broken pipe");
                }
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        int exitCode = Dreamlake.commandLine()
                .setOut(new PrintWriter(pipe))
                .execute("export", "--root", root().toString(), "project/run", "--format", "jsonl");
        assertThat(exitCode).isZero();
        assertThat(written.get()).isLessThan(1_000_000);
    }

    @Test
    void damageIsSkippedAndReported() {
        session("run", "no record\n" + LOG + "{\"torn");
        Tool run = export("project/run", "--format", "csv");
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).isEqualTo("dreamlake: project/run: 2 damaged and 0 overlong lines were skipped.\n");
        assertThat(run.lines()).hasSize(5);
    }

    @Test
    void tensorBoardNeedsADirectory() {
        session("run", LOG);
        Tool run = export("project/run", "--format", "tensorboard");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("name one with --output");
    }

    @Test
    void tensorBoardReadsWhatIsExported() throws Exception {
        EventFileTest.assumeTensorBoard();
        session("sweep/run", LOG);
        for (int times = 0; times < 2; times++) { // the second run replaces the first one's file
            assertThat(export("project/sweep/run", "--format", "tensorboard", "-o", directory.resolve("board"))
                            .exitCode())
                    .isZero();
        }
        Path run = directory.resolve("board/project/sweep/run");
        assertThat(run.toFile().list()).hasSize(1);
        assertThat(EventFileTest.readByTensorBoard(run.resolve("events.out.tfevents.dreamlake")))
                .containsExactly(
                        "brain.Event:2",
                        "acc 2 1761733802.0 0.0010000000474974513",
                        "acc 3 1761733803.0 7.0",
                        "epoch 2 1761733802.0 1.5",
                        "loss.train 10 1761733801.5 0.5",
                        "loss.val 10 1761733801.5 nan");
    }

    /** Logs a burst that stays staged, and waits to be killed. Argument: local path. */
    static final class Burst {
        public static void main(String[] arguments) {
            Logging logging = Logging.to(Path.of(arguments[0]), appender -> {
                appender.setWorkspace("project");
                appender.setSession("killed");
                appender.setWriteDelay(Duration.buildByMinutes(60));
            });
            SessionOnDisk files = SessionOnDisk.of(Path.of(arguments[0]), "project", "killed");
            int records = 0;
            while (!Files.exists(files.log().resolveSibling("logs.jsonl.tail"))) {
                logging.log.atInfo().addKeyValue("i", records++).log("burst");
            }
            for (int i = 0; i < 50; i++) {
                logging.log.atInfo().addKeyValue("i", records++).log("burst");
            }
            System.out.println(records);
            LockSupport.park();
        }
    }

    @Test
    void stagedRecordsOfAKilledProcessAreExportedAndStayStaged() throws IOException {
        int records;
        try (ChildJvm child = ChildJvm.start(Burst.class, root())) {
            records = Integer.parseInt(child.readLine());
            child.kill();
            child.waitFor();
        }
        SessionOnDisk files = SessionOnDisk.of(root(), "project", "killed");
        byte[] before = Files.readAllBytes(files.log());
        List<String> lines =
                export("project/killed", "--format", "csv", "--numbers").lines();
        assertThat(lines).hasSize(records + 1).last().asString().endsWith(",i," + (records - 1));
        assertThat(lines).last().asString().startsWith("record," + (records - 1) + ",");
        assertThat(Files.readAllBytes(files.log())).isEqualTo(before);
        assertThat(files.lines()).hasSizeLessThan(records);
        assertThat(files.log().resolveSibling("logs.jsonl.tail")).exists();
    }
}
