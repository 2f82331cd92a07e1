package ai.dreamlake.logback.internal.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.dreamlake.logback.internal.io.MemoryKills;
import ai.dreamlake.logback.internal.io.ProcessIdentity;
import ai.dreamlake.logback.internal.io.ThisProcess;
import ai.dreamlake.logback.internal.record.LineFormat;
import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.support.SessionOnDisk;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Which processes are reported as having ended without closing a log, and with which cause. */
class CrashReportsTest {

    private static final Instant BEGIN = Instant.parse("2025-10-29T10:30:00Z");
    private static final String OTHER_BOOT = "11111111-2222-3333-4444-555555555555";

    @TempDir
    Path root;

    private SessionOnDisk session() {
        return SessionOnDisk.of(root, "project", "run");
    }

    private Path mark() throws IOException {
        return Files.createDirectories(root.resolve("project/run/logs")).resolve(".writer");
    }

    /** A process of this boot of this machine that has ended. */
    private static WriterMark ended() {
        ProcessIdentity current = ProcessIdentity.current();
        return of(new ProcessIdentity(current.pid(), current.started() + 1, current.namespace(), current.boot()));
    }

    private static WriterMark of(ProcessIdentity owner) {
        return new WriterMark(
                true, owner, ThisProcess.host(), "17", "com.example.Training", "/home/alice", null, null, BEGIN);
    }

    private void leave(WriterMark mark) throws IOException {
        Files.write(mark(), mark.toBytes());
    }

    private void append(String message) throws IOException {
        Journal journal = JournalRegistry.journal(
                root, new SessionName("project", "run"), System::nanoTime, Storage.keptWithReports(), 0);
        journal.retain(Storage.keptWithReports());
        String record = "{\"timestamp\": \"2025-10-29T10:30:05.000000Z\", \"level\": \"info\", \"message\": \""
                + message + "\", \"metadata\": null, \"sequenceNumber\": ";
        byte[] bytes = (record + " ".repeat(LineFormat.ROOM_FOR_NUMBER)).getBytes(StandardCharsets.US_ASCII);
        journal.append(new Line().set(bytes, record.length(), false, null));
        journal.release();
        journal.end();
    }

    private JsonNode crash() {
        List<JsonNode> records = session().records();
        assertThat(records).hasSize(2);
        assertThat(records.get(1).get("message").asString()).isEqualTo("next");
        return records.get(0).get("metadata").get("dreamlake_crash");
    }

    private boolean isReported() throws IOException {
        append("next");
        return session().messages().size() == 2;
    }

    @Test
    void aMarkSaysWhatAProcessIsInOneLineThatCanBeReadAgain() {
        WriterMark own = WriterMark.ofThisProcess();
        String text = new String(own.toBytes(), StandardCharsets.UTF_8);
        assertThat(text)
                .startsWith(
                        "{\"open\": true , \"pid\":" + ProcessHandle.current().pid() + ",");
        assertThat(text.indexOf('\n')).isEqualTo(text.length() - 1);
        assertThat(WriterMark.parse(text)).isEqualTo(own);
        assertThat(own.open(false).toBytes()).hasSameSizeAs(own.toBytes());
        assertThat(WriterMark.parse(new String(own.open(false).toBytes(), StandardCharsets.UTF_8)))
                .isEqualTo(own.open(false));
    }

    /** The lock decides only where nothing else does. */
    @ParameterizedTest
    @CsvSource({
        // boot, namespace, host, open, locked: reported
        "this,  this,  this,  true,  false, true",
        "this,  this,  this,  false, false, true",
        "this,  other, other, true,  false, true",
        "this,  other, other, true,  true,  false",
        "this,  other, other, false, false, false",
        "other, this,  this,  false, false, true",
        "other, this,  this,  true,  true,  false",
        "other, this,  other, true,  false, true",
        "other, this,  other, true,  true,  false",
        "other, this,  other, false, false, false",
    })
    void whichWritersCountAsEnded(
            String boot, String namespace, String host, boolean open, boolean locked, boolean reported)
            throws Exception {
        ProcessIdentity gone = ended().owner();
        WriterMark mark = of(new ProcessIdentity(
                gone.pid(),
                gone.started(),
                gone.namespace() + (namespace.equals("this") ? 0 : 1),
                boot.equals("this") ? gone.boot() : OTHER_BOOT));
        WriterMark left = new WriterMark(
                open,
                mark.owner(),
                host.equals("this") ? mark.host() : "elsewhere",
                mark.java(),
                mark.command(),
                mark.directory(),
                null,
                null,
                BEGIN);
        leave(left);
        if (locked) {
            try (LockedElsewhere process = new LockedElsewhere(mark())) {
                assertThat(isReported()).isEqualTo(reported);
            }
        } else {
            assertThat(isReported()).isEqualTo(reported);
        }
        assertThat(Files.exists(mark())).isEqualTo(!reported);
    }

    /** A process on this machine that holds a file's lock, as one in another container would. */
    private static final class LockedElsewhere implements AutoCloseable {
        private final ai.dreamlake.logback.support.ChildJvm child;

        LockedElsewhere(Path file) {
            child = ai.dreamlake.logback.support.ChildJvm.start(Locker.class, file);
            assertThat(child.readLine()).isEqualTo("locked");
        }

        @Override
        public void close() {
            child.close();
        }
    }

    /** Argument: the file. */
    static final class Locker {
        public static void main(String[] arguments) throws Exception {
            try (RandomAccessFile file = new RandomAccessFile(arguments[0], "rw");
                    FileLock lock = file.getChannel().lock()) {
                System.out.println(lock.isValid() ? "locked" : "not locked");
                Thread.currentThread().join();
            }
        }
    }

    @Test
    void aRestartOfTheMachineIsACause() throws IOException {
        ProcessIdentity gone = ended().owner();
        leave(of(new ProcessIdentity(gone.pid(), gone.started(), gone.namespace(), OTHER_BOOT)));
        append("next");
        assertThat(crash().get("cause").asString()).isEqualTo("the machine was restarted, or lost power");
    }

    @Test
    void aCrashLogInTheWorkingDirectoryIsACauseUnlessItIsOlderThanTheProcess() throws IOException {
        WriterMark gone = ended();
        Path crashLog =
                Files.createFile(root.resolve("hs_err_pid" + gone.owner().pid() + ".log"));
        leave(in(root, gone, null));
        append("next");
        assertThat(crash().get("cause").asString()).isEqualTo("the JVM crashed");
        assertThat(crash().get("crash_log").asString()).isEqualTo(crashLog.toString());
    }

    @Test
    void aCrashLogThatIsOlderThanTheProcessIsNotItsOwn() throws IOException {
        WriterMark gone = ended();
        Path crashLog =
                Files.createFile(root.resolve("hs_err_pid" + gone.owner().pid() + ".log"));
        Files.setLastModifiedTime(crashLog, java.nio.file.attribute.FileTime.from(BEGIN.minusSeconds(60)));
        leave(in(root, gone, null));
        append("next");
        assertThat(crash().get("cause").asString()).isEqualTo("killed");
    }

    @ParameterizedTest
    @CsvSource({"-1000000000-01-01T00:00:00Z, the JVM crashed", "+1000000000-12-31T23:59:59Z, killed"})
    void aMarkMayHaveAnyTime(Instant since, String cause) throws IOException {
        WriterMark gone = ended();
        Files.createFile(root.resolve("hs_err_pid" + gone.owner().pid() + ".log"));
        leave(new WriterMark(
                true, gone.owner(), gone.host(), gone.java(), gone.command(), root.toString(), null, null, since));
        append("next");
        assertThat(crash().get("cause").asString()).isEqualTo(cause);
        assertThat(mark()).doesNotExist();
    }

    private static WriterMark in(Path directory, WriterMark mark, MemoryKills kills) {
        return new WriterMark(
                true, mark.owner(), mark.host(), mark.java(), mark.command(), directory.toString(), null, kills, BEGIN);
    }

    @ParameterizedTest
    @CsvSource({"2, 3, true", "3, 3, false", "3, 0, false"})
    void outOfMemoryKillsAreACauseIfTheirCountHasGrown(long before, long now, boolean isCause) throws IOException {
        Path events = Files.writeString(root.resolve("memory.events"), "low 0\noom 1\noom_kill " + now + "\n");
        leave(in(root, ended(), new MemoryKills(events.toString(), before)));
        append("next");
        assertThat(crash().get("cause").asString())
                .isEqualTo(
                        isCause
                                ? "killed, probably out of memory: the kernel's OOM kills in its control group rose by 1"
                                : "killed");
    }

    @Test
    void outOfMemoryKillsInAnotherContainerAreNoCause() throws IOException {
        Path events = Files.writeString(root.resolve("memory.events"), "oom_kill 3\n");
        ProcessIdentity gone = ended().owner();
        WriterMark elsewhere = of(new ProcessIdentity(gone.pid(), gone.started(), gone.namespace() + 1, gone.boot()));
        leave(in(root, elsewhere, new MemoryKills(events.toString(), 2)));
        append("next");
        assertThat(crash().get("cause").asString()).isEqualTo("killed");
    }

    @ParameterizedTest
    @ValueSource(strings = {"memory.events", "pipe"})
    @EnabledOnOs({OS.LINUX, OS.MAC})
    @Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aPipeThatAMarkNamesIsNotOpened(String name) throws Exception {
        String pipe = root.resolve(name).toString();
        assertThat(new ProcessBuilder("mkfifo", pipe).start().waitFor()).isZero();
        leave(in(root, ended(), new MemoryKills(pipe, 2)));
        append("next");
        assertThat(crash().get("cause").asString()).isEqualTo("killed");
    }

    @Test
    void aRevisionThatIsUnknownIsNotReported() throws IOException {
        leave(ended());
        append("next");
        assertThat(crash().has("revision")).isFalse();
    }

    /** The process closes the log after its mark was read, and before its lock is tried. */
    @Test
    void aProcessInAnotherContainerThatClosesTheLogMeanwhileHasNotEnded() throws IOException {
        ProcessIdentity gone = ended().owner();
        WriterMark open = of(new ProcessIdentity(gone.pid(), gone.started(), gone.namespace() + 1, gone.boot()));
        leave(open.open(false));
        try (RandomAccessFile file = new RandomAccessFile(mark().toFile(), "rw")) {
            assertThat(CrashReports.hasEnded(open, file)).isFalse();
        }
    }

    @Test
    void aReportThatIsInTheLogAlreadyIsNotRepeatedAndOneThatIsNotIsWritten() throws IOException {
        leave(ended());
        append("next");
        String report = session().lines().get(0);
        String record = report.replaceFirst(", \"sequenceNumber\": 0}$", "}");
        String noted = new String(ended().toBytes(), StandardCharsets.UTF_8) + "0 0 " + record + "\n";
        Files.writeString(mark(), noted);
        append("after a kill that followed the write");
        assertThat(session().messages()).hasSize(3);
        assertThat(mark()).doesNotExist();

        Files.writeString(
                mark(), noted.replace("\n0 0 ", "\n7 " + Files.size(session().log()) + " "));
        append("after a kill before the write");
        assertThat(session().messages()).hasSize(5);
        Files.writeString(mark(), noted.substring(0, noted.length() - 20));
        append("after a kill in the middle of the note");
        assertThat(session().messages()).hasSize(7);
        assertThat(mark()).doesNotExist();
        session().assertGapless(7);
    }

    @ParameterizedTest
    @CsvSource({"''", "not json", "{}", "'{\"pid\": 1}'"})
    void aMarkDamagedByAPowerLossIsDeletedWithoutAReport(String text) throws IOException {
        Files.writeString(mark(), text + "\n");
        assertThat(isReported()).isFalse();
        assertThat(mark()).doesNotExist();
    }

    @Test
    void whatIsNotARegularFileIsLeftAlone() throws IOException {
        Files.createDirectory(mark());
        assertThat(isReported()).isFalse();
        assertThat(mark()).isDirectory();
    }

    @Test
    void aProcessDoesNotRemoveTheMarkThatAnotherOneLeftAfterTheSessionWasDeleted() throws IOException {
        Path file = mark();
        OwnMark own = new OwnMark(new SessionDirectory(root.resolve("project/run")));
        own.open();
        Files.delete(file);
        leave(ended());
        own.end();
        assertThat(file).exists();
    }

    /** For example, no file descriptors may be left. Here it is too long for a moment. */
    @Test
    void aMarkThatCannotBeReadIsNotForgotten() throws IOException {
        Path file = mark();
        OwnMark own = new OwnMark(new SessionDirectory(root.resolve("project/run")));
        own.open();
        own.idle();
        String text = Files.readString(file);
        Files.writeString(file, text + " ".repeat(CrashReports.MAX_MARK));
        assertThatThrownBy(own::end).isInstanceOf(IOException.class);
        assertThat(file).exists();
        Files.writeString(file, text);
        own.end();
        assertThat(file).doesNotExist();
    }
}
