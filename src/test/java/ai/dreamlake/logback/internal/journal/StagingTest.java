package ai.dreamlake.logback.internal.journal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.dreamlake.logback.internal.io.AppendedFile;
import ai.dreamlake.logback.internal.record.LineFormat;
import ai.dreamlake.logback.internal.session.Retention;
import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.support.ChildJvm;
import ai.dreamlake.logback.support.SessionOnDisk;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Bursts: what is staged in the tail, when it is written, and what becomes of it after a kill. A copy of the session's
 * directory stands in for a kill: it has what the operating system had at that moment.
 */
class StagingTest {

    private static final SessionName NAME = SessionName.of("project", "run");
    private static final String PYTHON =
            "{\"sequenceNumber\": %d, \"timestamp\": \"2025-10-25T12:00:00Z\", \"level\": \"info\", \"message\": \"%s\"}\n";

    @TempDir
    Path root;

    private final AtomicLong clock = new AtomicLong(1_000_000_000L);
    /** How far the clock advances with each reading. */
    private final AtomicLong jump = new AtomicLong();

    private final Disk disk = new Disk();
    private SessionOnDisk session;
    private Journal journal;
    private final List<Journal> journals = new ArrayList<>();

    /** A disk with switches for failures; it really writes. */
    private static final class Disk implements Storage {
        long room = Long.MAX_VALUE;
        int forced;
        int writes;
        long maxSegmentBytes = Long.MAX_VALUE;
        Retention retention = Retention.KEEP;
        Consumer<WriteStep> steps = step -> {};

        @Override
        public LogFile open(File log) throws IOException {
            return new LogFile(log) {
                @Override
                public void write(byte[] bytes, int start, int count) throws IOException {
                    int fits = (int) Math.min(count, room);
                    writes++;
                    super.write(bytes, start, fits);
                    room -= fits;
                    if (fits < count) {
                        throw new IOException("No space left on device");
                    }
                }

                @Override
                public void force() throws IOException {
                    forced++;
                    super.force();
                }
            };
        }

        @Override
        public Retention retention() {
            return retention;
        }

        @Override
        public long maxSegmentBytes() {
            return maxSegmentBytes;
        }

        @Override
        public void reached(WriteStep step) {
            steps.accept(step);
        }
    }

    @BeforeEach
    void open() {
        session = SessionOnDisk.of(root, "project", "run");
        journal = journal(session, disk);
    }

    private Journal journal(SessionOnDisk session, Storage storage) {
        Journal journal = new Journal(
                new SessionDirectory(session.directory()),
                NAME,
                () -> clock.addAndGet(jump.get()),
                storage,
                TimeUnit.MILLISECONDS.toNanos(2));
        journal.retain(storage);
        journals.add(journal);
        return journal;
    }

    @AfterEach
    void close() throws IOException {
        disk.steps = step -> {};
        disk.room = Long.MAX_VALUE;
        for (Journal journal : journals) {
            journal.release();
        }
    }

    private static void append(Journal journal, String message, boolean forced) throws IOException {
        journal.append(line(message, forced));
    }

    private static Line line(String message, boolean forced) {
        byte[] record = ("{\"timestamp\": \"2025-10-29T10:30:00.000000Z\", \"level\": \"info\", \"message\": \""
                        + message + "\", \"metadata\": null, \"sequenceNumber\": ")
                .getBytes(UTF_8);
        return new Line()
                .set(Arrays.copyOf(record, record.length + LineFormat.ROOM_FOR_NUMBER), record.length, forced, null);
    }

    private static void append(Journal journal, String message, WriteListener listener) throws IOException {
        Line line = line(message, false);
        line.reportTo(listener);
        journal.append(line);
    }

    private void append(String message) throws IOException {
        append(journal, message, false);
    }

    private void appendAll(String... messages) throws IOException {
        for (String message : messages) {
            append(message);
        }
    }

    /** Appends enough records to justify a tail, and has the keeper create it. Returns how many records. */
    private int beginBurst(Journal journal) throws IOException {
        int records = Staging.RECORDS_BEFORE_TAIL + 1;
        for (int i = 0; i < records; i++) {
            append(journal, "begins " + i, false);
        }
        journal.step(clock.get());
        return records;
    }

    private Path tail() {
        return session.log().resolveSibling("logs.jsonl.tail");
    }

    /** What is staged, in any tail. */
    private static List<String> staged(SessionOnDisk session) throws IOException {
        List<String> staged = new ArrayList<>();
        try (Stream<Path> files = Files.list(session.log().getParent())) {
            for (Path tail : files.filter(file -> file.getFileName().toString().startsWith("logs.jsonl.tail"))
                    .sorted()
                    .toList()) {
                Files.readAllLines(tail).stream()
                        .skip(1)
                        .filter(line -> !line.isEmpty())
                        .forEach(staged::add);
            }
        }
        return staged;
    }

    private SessionOnDisk kill(String name) {
        SessionOnDisk copy = new SessionOnDisk(root.resolve("killed").resolve(name));
        try (Stream<Path> files = Files.walk(session.directory())) {
            for (Path file : files.toList()) {
                Path target = copy.directory().resolve(session.directory().relativize(file));
                Files.createDirectories(target.getParent());
                if (Files.isRegularFile(file)) {
                    Files.copy(file, target, StandardCopyOption.REPLACE_EXISTING);
                }
            }
            return copy;
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private void elapse(long amount, TimeUnit unit) {
        clock.addAndGet(unit.toNanos(amount));
    }

    @Test
    void aBurstIsStagedWithoutNumbersAndWrittenTogetherByTheKeeper() throws IOException {
        int records = beginBurst(journal);
        session.assertGapless(records);
        int writes = disk.writes;
        appendAll("a", "b", "c");
        assertThat(disk.writes).isEqualTo(writes);
        assertThat(staged(session)).hasSize(3);
        assertThat(staged(session).get(0))
                .isEqualTo(
                        "{\"timestamp\": \"2025-10-29T10:30:00.000000Z\", \"level\": \"info\", \"message\": \"a\", \"metadata\": null}");
        session.assertGapless(records);

        assertThat(journal.step(clock.get())).isEqualTo(TimeUnit.MILLISECONDS.toNanos(2));
        elapse(2, TimeUnit.MILLISECONDS);
        journal.step(clock.get());
        assertThat(disk.writes).isEqualTo(writes + 1);
        assertThat(staged(session)).isEmpty();
        session.assertGapless(records + 3);
        session.assertLeftBehindRightly();
    }

    @Test
    void aRecordAfterAQuietMillisecondIsInTheLogWhenItsCallReturns() throws IOException {
        int records = beginBurst(journal);
        for (int i = 1; i <= 20; i++) {
            elapse(1, TimeUnit.MILLISECONDS);
            append("quiet");
            session.assertGapless(records + i);
        }
        assertThat(staged(session)).isEmpty();
    }

    @Test
    void aFewRecordsAtStartNeedNoTail() throws IOException {
        for (int i = 0; i < Staging.RECORDS_BEFORE_TAIL; i++) {
            append("m");
            journal.step(clock.get());
        }
        assertThat(tail()).doesNotExist();
        session.assertGapless(Staging.RECORDS_BEFORE_TAIL);
    }

    @Test
    void withoutAWriteDelayNothingIsStaged() throws IOException {
        Journal direct = new Journal(new SessionDirectory(session.directory()), NAME, clock::get, disk, 0);
        direct.retain(disk);
        journals.add(direct);
        for (int i = 1; i <= 100; i++) {
            append(direct, "m", false);
            direct.step(clock.get());
            assertThat(session.lines()).hasSize(i);
        }
        assertThat(tail()).doesNotExist();
    }

    @Test
    void theThreadThatFillsTheTailWritesItWithItsOwnRecordLast() throws IOException {
        int records = beginBurst(journal);
        int writes = disk.writes;
        int appended = 0;
        while (disk.writes == writes) {
            append("m" + appended++);
        }
        assertThat(appended).isGreaterThan(500);
        session.assertGapless(records + appended);
        assertThat(session.messages()).endsWith("m" + (appended - 1));
        assertThat(staged(session)).isEmpty();
    }

    @Test
    void aThreadsRecordsKeepTheirOrderInTheFileWhateverWayTheyTake() throws IOException {
        int records = beginBurst(journal);
        List<String> expected = new ArrayList<>();
        for (int round = 0; round < 50; round++) {
            for (String kind :
                    new String[] {"staged ", "forced ", "long ", "longer than the tail ", "staged ", "quiet "}) {
                String message = kind + round;
                if (kind.equals("long ")) {
                    message += "x".repeat(5000);
                } else if (kind.startsWith("longer")) {
                    message += "x".repeat(100_000);
                } else if (kind.equals("quiet ")) {
                    elapse(1, TimeUnit.MILLISECONDS);
                }
                append(journal, message, kind.equals("forced "));
                expected.add(message);
            }
        }
        journal.flush(0);
        session.assertGapless(records + expected.size());
        assertThat(session.messages().subList(records, records + expected.size()))
                .isEqualTo(expected);
        assertThat(disk.forced).isEqualTo(50);
    }

    @Test
    void aForcedRecordIsWrittenTogetherWithWhatIsStaged() throws IOException {
        int records = beginBurst(journal);
        appendAll("a", "b");
        append(journal, "forced", true);
        assertThat(disk.forced).isEqualTo(1);
        session.assertGapless(records + 3);
    }

    @Test
    void closingWritesWhatIsStagedAndLeavesNoTail() throws IOException {
        int records = beginBurst(journal);
        appendAll("a", "b");
        journal.release();
        session.assertGapless(records + 2);
        session.assertLeftBehindRightly();
        assertThat(tail()).doesNotExist();
        journal.retain(disk);
    }

    @Test
    void beforeTheJvmExitsWhatIsStagedIsWrittenAndNothingMoreIsStaged() throws IOException {
        int records = beginBurst(journal);
        append("a");
        journal.expectExit();
        session.assertGapless(records + 1);
        assertThat(tail())
                .as("or the session looks as if its process had been killed")
                .doesNotExist();
        append("from a shutdown hook");
        session.assertGapless(records + 2);
        session.assertLeftBehindRightly();
    }

    @Test
    void anInterruptedThreadStagesAndDrainsAndStaysInterrupted() throws IOException {
        int records = beginBurst(journal);
        Thread.currentThread().interrupt();
        append("staged");
        append(journal, "forced", true);
        append("staged");
        journal.flush(0);
        assertThat(Thread.interrupted()).isTrue();
        session.assertGapless(records + 3);
    }

    @ParameterizedTest
    @EnumSource(WriteStep.class)
    void aKillAfterAnyStepOfAWriteLosesAndRepeatsNothing(WriteStep killedAfter) throws IOException {
        int records = beginBurst(journal);
        appendAll("a", "b", "c");
        List<SessionOnDisk> killed = new ArrayList<>();
        disk.steps = step -> {
            if (step == killedAfter) {
                for (String what : new String[] {"reopened", "continued by Python", "sealed", "appended to"}) {
                    killed.add(kill(what));
                }
            }
        };
        journal.flush(0);
        disk.steps = step -> {};
        int total = records + 3;

        SessionOnDisk reopened = killed.get(0);
        append(journal(reopened, Storage.kept()), "after", false);
        reopened.assertGapless(total + 1);
        assertThat(reopened.messages()).endsWith("a", "b", "c", "after");

        SessionOnDisk python = killed.get(1);
        long next = python.readHint();
        assertThat(next).isBetween((long) python.lines().size(), (long) total);
        python.append(python.log(), String.format(PYTHON, next, "from Python"));
        append(journal(python, Storage.kept()), "after", false);
        assertThat(python.messages()).contains("a", "b", "c").endsWith("after").doesNotHaveDuplicates();
        assertThat(python.messages()).hasSize(total + 2);
        assertThat(python.records().stream()
                        .map(record -> record.get("sequenceNumber").asLong()))
                .doesNotHaveDuplicates()
                .isSorted();

        SessionOnDisk sealed = killed.get(2);
        Journal spool = journal(sealed, new SpoolStorage(1));
        assertThat(spool.seal(Files.size(sealed.log()))).isIn(true, false);
        append(spool, "after", false);
        assertThat(allMessages(sealed)).hasSize(total + 1).endsWith("a", "b", "c", "after");

        SessionOnDisk appendedTo = killed.get(3);
        Files.move(
                appendedTo.log().resolveSibling("logs.jsonl.tail"),
                appendedTo.directory().resolve("away"));
        Journal another = journal(appendedTo, Storage.kept()); // as if it had not yet seen the tail
        append(another, "another process's", false);
        Files.move(appendedTo.directory().resolve("away"), appendedTo.log().resolveSibling("logs.jsonl.tail"));
        elapse(1, TimeUnit.SECONDS);
        another.step(clock.get());
        appendedTo.assertGapless(total + 1);
        assertThat(appendedTo.messages())
                .contains("a", "b", "c", "another process's")
                .doesNotHaveDuplicates();
    }

    /** The messages of all segments and the log. */
    private static List<String> allMessages(SessionOnDisk session) throws IOException {
        List<String> messages = new ArrayList<>();
        for (Segment segment : new SessionDirectory(session.directory()).segments()) {
            Files.copy(
                    segment.file().toPath(),
                    session.directory().resolve("segment"),
                    StandardCopyOption.REPLACE_EXISTING);
            for (String line : Files.readAllLines(segment.file().toPath())) {
                messages.add(line.replaceAll(".*\"message\": \"([^\"]*)\".*", "$1"));
            }
        }
        messages.addAll(session.messages());
        return messages;
    }

    @Test
    void aKillInTheMiddleOfABurstLeavesAllRecordsToTheNextProcess() throws IOException {
        int records = beginBurst(journal);
        for (int i = 0; i < 300; i++) {
            append("m" + i);
            if (i % 50 == 0) {
                SessionOnDisk killed = kill("after " + i);
                append(journal(killed, Storage.kept()), "after", false);
                killed.assertGapless(records + i + 2);
                assertThat(killed.messages()).endsWith("m" + i, "after");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 100, 250, 330})
    void theRestOfABatchThatAKillCutShortIsRecovered(int bytes) throws IOException {
        int records = beginBurst(journal);
        appendAll("a", "b", "c");
        disk.steps = step -> {
            if (step == WriteStep.ANNOUNCED) {
                disk.room = bytes;
            } else if (step == WriteStep.WRITTEN) {
                // By now the partial line is cut off; a kill would have left it.
                SessionOnDisk killed = kill("torn");
                killed.append(killed.log(), "{\"timestamp\": \"2025");
            }
        };
        assertThatThrownBy(() -> journal.flush(0)).hasMessage("No space left on device");
        disk.steps = step -> {};
        SessionOnDisk noted = kill("when it was noted how far the write came");
        append(journal(noted, Storage.kept()), "after", false);
        noted.assertGapless(records + 4);
        assertThat(noted.messages()).endsWith("a", "b", "c", "after");
        SessionOnDisk killed = new SessionOnDisk(root.resolve("killed").resolve("torn"));
        jump.set(TornEnd.SETTLE_NANOS / 5);
        append(journal(killed, Storage.kept()), "after", false);
        jump.set(0);
        killed.assertGapless(records + 4);
        assertThat(killed.messages()).endsWith("a", "b", "c", "after");
        disk.room = Long.MAX_VALUE;
        elapse(1, TimeUnit.SECONDS);
        journal.flush(0);
        session.assertGapless(records + 3);
        assertThat(session.messages()).endsWith("a", "b", "c");
    }

    @Test
    void onAFullDiskRecordsAreStagedWhileThereIsRoomThenRefusedAtOnceAndWrittenWhenThereIsRoomAgain()
            throws IOException {
        int records = beginBurst(journal);
        disk.room = 10;
        int staged = 0;
        int refused = 0;
        for (int i = 0; i < 2000; i++) {
            try {
                append("m" + i);
                staged++;
            } catch (IOException full) {
                assertThat(full).hasMessage("No space left on device");
                refused++;
            }
        }
        assertThat(staged).isGreaterThan(400);
        assertThat(refused).isGreaterThan(1000);
        assertThat(disk.writes).as("only one attempt").isEqualTo(records + 1);
        assertThat(session.readHint()).as("set back").isEqualTo(records);
        session.assertGapless(records);

        elapse(100, TimeUnit.MILLISECONDS);
        journal.step(clock.get());
        assertThat(disk.writes).isEqualTo(records + 2);
        disk.room = Long.MAX_VALUE;
        elapse(100, TimeUnit.MILLISECONDS);
        journal.step(clock.get());
        session.assertGapless(records + staged);
        append("after");
        journal.flush(0);
        session.assertGapless(records + staged + 1);
    }

    @Test
    void whatIsStagedIsLeftToTheNextProcessIfTheDiskIsFullAtTheEnd() throws IOException {
        int records = beginBurst(journal);
        appendAll("a", "b");
        disk.room = 0;
        assertThatThrownBy(() -> journal.release()).isInstanceOf(IOException.class);
        assertThat(staged(session)).hasSize(2);
        disk.room = Long.MAX_VALUE;
        append(journal(session, Storage.kept()), "after", false);
        session.assertGapless(records + 3);
        assertThat(session.messages()).endsWith("a", "b", "after");
        journal.retain(disk);
    }

    /** Another process that writes to the session. Arguments: the session's directory, messages. */
    static final class OtherProcess {
        public static void main(String[] arguments) throws IOException {
            Journal journal = new Journal(
                    new SessionDirectory(Path.of(arguments[0])), NAME, System::nanoTime, Storage.kept(), 2_000_000);
            journal.retain(Storage.kept());
            for (String message : List.of(arguments).subList(1, arguments.length)) {
                append(journal, message, false);
            }
            journal.release();
        }
    }

    private static void appendInAnotherProcess(SessionOnDisk session, String... messages) {
        List<Object> arguments = new ArrayList<>(List.of((Object) session.directory()));
        arguments.addAll(List.of(messages));
        try (ChildJvm other = ChildJvm.start(OtherProcess.class, arguments.toArray())) {
            assertThat(other.waitFor()).isZero();
        }
    }

    @Test
    void aLivingTailIsLeftAlone() throws IOException {
        int records = beginBurst(journal);
        appendAll("a", "b");
        appendInAnotherProcess(session, "other's");
        session.assertGapless(records + 1);
        journal.flush(0);
        session.assertGapless(records + 3);
        assertThat(session.messages()).endsWith("other's", "a", "b");
    }

    @Test
    void aLivingTailWhoseLockWasDroppedIsTakenOverAndNothingIsWrittenTwice() throws IOException {
        int records = beginBurst(journal);
        appendAll("a", "b");
        try (RandomAccessFile anyDescriptor = new RandomAccessFile(tail().toFile(), "r")) {
            assertThat(anyDescriptor.read()).isEqualTo('F');
        } // closing it drops the lock, which belongs to the process

        appendInAnotherProcess(session, "other's");
        session.assertGapless(records + 3);
        assertThat(session.messages()).endsWith("a", "b", "other's");

        append("c");
        SessionOnDisk killed = kill("after the take-over");
        append("d");
        journal.flush(0);
        session.assertGapless(records + 5);
        append("e");
        appendInAnotherProcess(session, "other's again");
        journal.flush(0);
        session.assertGapless(records + 7);
        assertThat(session.messages()).endsWith("a", "b", "other's", "c", "d", "e", "other's again");

        append(journal(killed, Storage.kept()), "after", false);
        killed.assertGapless(records + 5);
        assertThat(killed.messages()).endsWith("a", "b", "other's", "c", "after");
    }

    @Test
    void aListenerIsAlsoNotifiedOfRecordsThatAnotherProcessWrote() throws IOException {
        List<String> notified = new ArrayList<>();
        WriteListener listener = (first, count) -> notified.add(first + "+" + count);
        int records = beginBurst(journal);
        append(journal, "a", listener);
        append(journal, "b", listener);
        new RandomAccessFile(tail().toFile(), "r").close(); // drops the lock, which belongs to the process
        appendInAnotherProcess(session, "other's");
        append(journal, "c", listener);
        journal.flush(0);
        assertThat(session.messages()).endsWith("a", "b", "other's", "c");
        assertThat(notified)
                .as("not before they are in the log")
                .containsExactly((records + 1) + "+2", (records + 3) + "+1");
    }

    @Test
    void aListenerIsAlsoNotifiedOfRecordsThatClosingHadToLeaveInTheTail() throws IOException {
        List<String> notified = new ArrayList<>();
        WriteListener listener = (first, count) -> notified.add(first + "+" + count);
        int records = beginBurst(journal);
        append(journal, "a", listener);
        append(journal, "b", listener);
        disk.room = 0;
        assertThatThrownBy(() -> journal.release()).isInstanceOf(IOException.class);
        assertThat(notified).isEmpty();
        disk.room = Long.MAX_VALUE;
        journal.retain(disk);
        append(journal, "after", listener);
        assertThat(session.messages()).endsWith("a", "b", "after");
        assertThat(notified).containsExactly(records + "+2", (records + 2) + "+1");
    }

    @Test
    void aTailThatIsTruncatedLosesNothing() throws IOException {
        int records = beginBurst(journal);
        for (int i = 0; i < 1000; i++) {
            append("m" + i);
        }
        journal.flush(0);
        appendAll("a", "b");
        try (RandomAccessFile file = new RandomAccessFile(tail().toFile(), "rw")) {
            file.setLength(0);
        }
        appendAll("c", "d");
        session.assertGapless(records + 1004);
        assertThat(session.messages()).endsWith("a", "b", "c", "d");
        assertThat(journal.nextNotice()).contains("was truncated");
        assertThat(journal.nextNotice()).isNull();
    }

    @Test
    void aTailThatIsDeletedOrReplacedLosesNothingAndIsFollowedByAnother() throws IOException {
        int records = beginBurst(journal);
        appendAll("a", "b");
        Files.delete(tail());
        journal.flush(0);
        session.assertGapless(records + 2);
        assertThat(journal.nextNotice()).contains("was removed");

        for (int i = 0; i < 2; i++) {
            records = 2 + records + beginBurst(journal);
            assertThat(tail()).exists();
            appendAll("c", "d");
            Files.move(
                    Files.write(tail().resolveSibling("garbage"), new byte[1000]),
                    tail(),
                    StandardCopyOption.REPLACE_EXISTING);
            journal.flush(0);
            session.assertGapless(records + 2);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "garbage", "\n\n\n", "F epoch=", "{\"message\": \"no header\"}\n"})
    void garbageInPlaceOfATailIsSetAside(String garbage) throws IOException {
        append("before");
        session.write(tail(), garbage);
        append(journal(session, Storage.kept()), "after", false);
        session.assertGapless(2);
        assertThat(tail()).doesNotExist();
        if (!garbage.isBlank()) {
            assertThat(SessionOnDisk.text(session.torn())).isEqualTo(garbage.strip() + "\n");
        }
    }

    @Test
    void theTailOfAnotherSessionIsSetAside() throws IOException {
        beginBurst(journal);
        append("of run");
        SessionOnDisk other = new SessionOnDisk(root.resolve("other"));
        Files.createDirectories(other.log().getParent());
        Files.copy(tail(), other.log().resolveSibling("logs.jsonl.tail"));
        Journal another = new Journal(
                new SessionDirectory(other.directory()),
                SessionName.of("project", "other"),
                clock::get,
                Storage.kept(),
                1);
        another.retain(Storage.kept());
        journals.add(another);
        append(another, "of other", false);
        other.assertGapless(1);
        assertThat(SessionOnDisk.text(other.torn())).contains("of run");
    }

    @Test
    void afterAPowerLossRecordsAtTheLogsEndAreSkippedAndDamageIsSetAside() throws IOException {
        int records = beginBurst(journal);
        appendAll("a", "b", "c");
        SessionOnDisk killed = kill("power loss");
        Path tail = killed.log().resolveSibling("logs.jsonl.tail");
        String text = Files.readString(tail)
                .replaceFirst("boot=\\S{36}", "boot=" + "0".repeat(36))
                .replace("\"c\", \"metadata\": null}", "\"c\", \"metadata\": \0\0\0\0\0");
        Files.writeString(tail, text);
        killed.append(
                killed.log(),
                "{\"timestamp\": \"2025-10-29T10:30:00.000000Z\", \"level\": \"info\", \"message\": \"a\", \"metadata\": null, \"sequenceNumber\": "
                        + records + "}\n");
        append(journal(killed, Storage.kept()), "after", false);
        killed.assertGapless(records + 3);
        assertThat(killed.messages()).endsWith("a", "b", "after");
        assertThat(SessionOnDisk.text(killed.torn())).contains("\"c\"");
    }

    /** After a power loss the tail may be from before a write, and the log from long after it. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void afterAPowerLossForcedRecordsAreNotRepeatedWhateverFollowsThem(boolean inASegment) throws IOException {
        int records = beginBurst(journal);
        appendAll("a", "b");
        byte[] old = Files.readAllBytes(tail());
        append(journal, "forced", true);
        disk.retention = inASegment ? Retention.SPOOL : Retention.KEEP;
        disk.maxSegmentBytes = inASegment ? 1 : Long.MAX_VALUE;
        appendAll("c", "d");
        journal.flush(0);
        elapse(1, TimeUnit.SECONDS);
        append("e");
        SessionOnDisk killed = kill("power loss");
        Files.writeString(
                killed.log().resolveSibling("logs.jsonl.tail"),
                new String(old, UTF_8).replaceFirst("boot=\\S{36}", "boot=" + "0".repeat(36)));
        append(journal(killed, disk), "after", false);
        assertThat(killed.messages()).endsWith("after").doesNotHaveDuplicates();
        assertThat(killed.lines()).last().asString().endsWith(" " + (records + 6) + "}");
    }

    @Test
    void afterAPowerLossThatCostTheLogItsEndWhatTheTailStillHasIsRecovered() throws IOException {
        int records = beginBurst(journal);
        long place = Files.size(session.log());
        appendAll("a", "b");
        journal.flush(0);
        appendAll("c", "d");
        SessionOnDisk killed = kill("power loss");
        Path tail = killed.log().resolveSibling("logs.jsonl.tail");
        Files.writeString(tail, Files.readString(tail).replaceFirst("boot=\\S{36}", "boot=" + "0".repeat(36)));
        AppendedFile.truncate(killed.log().toFile(), place);
        append(journal(killed, Storage.kept()), "after", false);
        killed.assertGapless(records + 3);
        assertThat(killed.messages()).endsWith("c", "d", "after");
    }

    /** Its owner may be alive, and its lock may have been dropped. */
    @Test
    void theTailOfAnotherContainersProcessIsRecoveredAndKeptForADay() throws IOException {
        int records = beginBurst(journal);
        appendAll("a", "b");
        SessionOnDisk killed = kill("another container");
        Path tail = killed.log().resolveSibling("logs.jsonl.tail");
        Files.writeString(
                tail, Files.readString(tail).replaceFirst("namespace=\\d{10}", "namespace=" + "0".repeat(9) + "7"));
        append(journal(killed, Storage.kept()), "after", false);
        killed.assertGapless(records + 3);
        assertThat(tail).exists();
        assertThat(staged(killed)).hasSize(2);

        FileTime anHourAgo = FileTime.fromMillis(System.currentTimeMillis() - TimeUnit.HOURS.toMillis(1));
        Files.setLastModifiedTime(tail, anHourAgo);
        append(journal(killed, Storage.kept()), "later", false);
        killed.assertGapless(records + 4);
        assertThat(tail).exists();
        assertThat(tail.toFile().lastModified())
                .as("looking at it makes it no younger")
                .isEqualTo(anHourAgo.toMillis());

        Files.setLastModifiedTime(tail, FileTime.fromMillis(System.currentTimeMillis() - TimeUnit.HOURS.toMillis(25)));
        Journal next = journal(killed, Storage.kept());
        append(next, "a day later", false);
        killed.assertGapless(records + 5);
        assertThat(tail).doesNotExist();
    }

    @Test
    void aSessionThatIsDeletedInABurstBeginsAgainWithWhatIsStaged() throws IOException {
        beginBurst(journal);
        appendAll("a", "b");
        try (Stream<Path> files = Files.walk(session.directory())) {
            for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
        append("c");
        journal.flush(0);
        session.assertGapless(3);
        assertThat(session.messages()).containsExactly("a", "b", "c");
        session.assertLeftBehindRightly();
    }

    @Test
    void whileAPeerHoldsTheLockRecordsAreStagedAndNobodyWaits() throws IOException {
        int records = beginBurst(journal);
        SessionLock peer = new SessionLock(session.lock());
        assertThat(peer.tryTake()).isTrue();
        for (int i = 0; i < 300; i++) {
            append("m" + i);
        }
        elapse(1, TimeUnit.SECONDS);
        assertThat(journal.step(clock.get())).as("the keeper only tries").isPositive();
        assertThat(staged(session)).hasSize(300);
        peer.close();
        journal.step(clock.get());
        session.assertGapless(records + 300);
    }

    @Test
    void aTailThatIsTruncatedInPartRepeatsNothing() throws IOException {
        int records = beginBurst(journal);
        for (int i = 0; i < 60; i++) {
            append("m" + i); // more than a page
        }
        try (RandomAccessFile file = new RandomAccessFile(tail().toFile(), "rw")) {
            file.setLength(4096);
        }
        append("after");
        elapse(1, TimeUnit.SECONDS);
        journal.step(clock.get());
        append(journal(session, Storage.kept()), "another's", false);
        session.assertGapless(records + 62);
        assertThat(session.messages()).doesNotHaveDuplicates();
    }

    @Test
    void whatAProcessWroteBeforeItDiedDuringATakeoverIsNotWrittenAgain() throws IOException {
        int records = beginBurst(journal);
        appendAll("a", "b", "c");
        byte[] content = Files.readAllBytes(tail());
        TailHeader header = TailHeader.parse(content);
        List<String> staged = staged(session);
        try (RandomAccessFile file = new RandomAccessFile(tail().toFile(), "rw")) {
            file.write(header.takenOver(TailHeader.WRITING, TailHeader.SIZE, records, Files.size(session.log()))
                    .toBytes());
        }
        for (int i = 0; i < 2; i++) {
            session.append(
                    session.log(), new String(LineFormat.finished(staged.get(i).getBytes(UTF_8), records + i), UTF_8));
        }
        append("d");
        List<SessionOnDisk> killed = new ArrayList<>();
        disk.steps = step -> {
            if (step == WriteStep.WRITTEN) {
                killed.add(kill("the owner, too"));
            }
        };
        journal.flush(0);
        disk.steps = step -> {};
        session.assertGapless(records + 4);
        assertThat(session.messages()).endsWith("a", "b", "c", "d").doesNotHaveDuplicates();
        append(journal(killed.get(0), Storage.kept()), "after", false);
        killed.get(0).assertGapless(records + 5);
        assertThat(killed.get(0).messages())
                .endsWith("a", "b", "c", "d", "after")
                .doesNotHaveDuplicates();
    }

    @Test
    void aFailedWriteCutsNothingOffAnothersRecord() throws IOException {
        int records = beginBurst(journal);
        appendAll("a", "b", "c");
        disk.steps = step -> {
            if (step == WriteStep.HINTED) {
                session.append(session.log(), String.format(PYTHON, records, "from Python"));
                disk.room = 0;
            }
        };
        assertThatThrownBy(() -> journal.flush(0)).hasMessage("No space left on device");
        disk.steps = step -> {};
        disk.room = Long.MAX_VALUE;
        elapse(1, TimeUnit.SECONDS);
        journal.flush(0);
        session.assertNumbered(records + 4);
        assertThat(session.messages()).endsWith("from Python", "a", "b", "c");
    }

    @Test
    void anUnreadableTailStopsNeitherTheRecoveryOfOthersNorLogging() throws IOException {
        int records = beginBurst(journal);
        appendAll("a", "b");
        SessionOnDisk killed = kill("with more");
        Path first = killed.log().resolveSibling("logs.jsonl.tail");
        Files.move(first, first.resolveSibling("logs.jsonl.tail.1"));
        Files.createDirectory(first);
        Journal next = journal(killed, Storage.kept());
        append(next, "after", false);
        killed.assertGapless(records + 3);
        assertThat(killed.messages()).endsWith("a", "b", "after");
        assertThat(next.nextNotice()).contains("cannot recover");
    }

    @Test
    void aHeaderWithANumberThatIsTooLargeIsGarbage() throws IOException {
        append("before");
        String header = new String(TailHeader.ofThisProcess(NAME.digest(), 1, 0).toBytes(), UTF_8)
                .replaceFirst("first=\\d{19}", "first=" + "9".repeat(19));
        session.write(tail(), header);
        append(journal(session, Storage.kept()), "after", false);
        session.assertGapless(2);
        assertThat(tail()).doesNotExist();
    }

    @Test
    void recordsThatAreUnderWayWhenTheLastUserLeavesAreInTheLog() throws Exception {
        int total = 0;
        for (int round = 0; round < 60; round++) {
            Journal closed = journal;
            total += beginBurst(closed);
            AtomicLong appended = new AtomicLong();
            List<Thread> stragglers = new ArrayList<>();
            for (int t = 0; t < 3; t++) {
                stragglers.add(new Thread(() -> {
                    try {
                        for (int i = 0; i < 40; i++) {
                            append(closed, "m", false);
                            appended.incrementAndGet();
                        }
                        closed.closeIfUnused();
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                }));
            }
            stragglers.forEach(Thread::start);
            closed.release();
            for (Thread straggler : stragglers) {
                straggler.join();
            }
            total += (int) appended.get();
            assertThat(session.lines()).hasSize(total);
            assertThat(tail()).doesNotExist();
            closed.retain(disk);
        }
        session.assertGapless(total);
    }

    @Test
    void linesWrittenAfterAnothersInsteadOfAtTheirPlaceAreFound() throws IOException {
        int records = beginBurst(journal);
        appendAll("a", "b", "c");
        List<SessionOnDisk> killed = new ArrayList<>();
        disk.steps = step -> {
            if (step == WriteStep.ANNOUNCED) {
                session.append(session.log(), String.format(PYTHON, records, "from Python"));
            } else if (step == WriteStep.WRITTEN) {
                killed.add(kill("after a write that follows another's line"));
            }
        };
        journal.flush(0);
        disk.steps = step -> {};
        append(journal(killed.get(0), Storage.kept()), "after", false);
        assertThat(killed.get(0).messages())
                .endsWith("from Python", "a", "b", "c", "after")
                .hasSize(records + 5);
    }

    @Test
    void whatClosingLeftAndAnotherProcessRecoveredIsReportedWhenTheSessionIsReopened() throws IOException {
        List<String> notified = new ArrayList<>();
        WriteListener listener = (first, count) -> notified.add(first + "+" + count);
        int records = beginBurst(journal);
        append(journal, "a", listener);
        append(journal, "b", listener);
        disk.room = 0;
        assertThatThrownBy(() -> journal.release()).isInstanceOf(IOException.class);
        disk.room = Long.MAX_VALUE;
        appendInAnotherProcess(session, "other's");
        journal.retain(disk);
        append(journal, "after", listener);
        assertThat(session.messages()).endsWith("a", "b", "other's", "after");
        assertThat(notified).containsExactly((records + 1) + "+2", (records + 3) + "+1");
    }

    @Test
    void aDirectoryWithATailsNameStopsNeitherRecoveryNorSealing() throws IOException {
        int records = beginBurst(journal);
        appendAll("a", "b");
        SessionOnDisk killed = kill("with more");
        Files.createDirectory(killed.log().resolveSibling("logs.jsonl.tail.1"));
        Journal next = journal(killed, Storage.kept());
        assertThat(next.recover()).isTrue();
        assertThat(next.pollRecovered()).isEqualTo(2);
        killed.assertGapless(records + 2);
        assertThat(next.seal(Files.size(killed.log()))).isTrue();
    }

    @Test
    void aFlushThatTimedOutDoesNotShortenTheWaitOfLaterRecords() throws Exception {
        beginBurst(journal);
        appendAll("a", "b");
        SessionLock peer = new SessionLock(session.lock());
        assertThat(peer.tryTake()).isTrue();
        jump.set(TimeUnit.MICROSECONDS.toNanos(100));
        assertThatThrownBy(() -> journal.flush(TimeUnit.MILLISECONDS.toNanos(1)))
                .isInstanceOf(SessionLockedException.class);
        jump.set(0);
        Thread releases = new Thread(() -> {
            while (!journal.isAwaited()) {
                Thread.onSpinWait();
            }
            try {
                peer.close();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        releases.start();
        append(journal, "waits", true);
        releases.join();
        assertThat(session.messages()).endsWith("a", "b", "waits");
    }
}
