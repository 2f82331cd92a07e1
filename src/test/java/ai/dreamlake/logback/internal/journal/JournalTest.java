package ai.dreamlake.logback.internal.journal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.dreamlake.logback.internal.io.NativeFlock;
import ai.dreamlake.logback.internal.record.LineFormat;
import ai.dreamlake.logback.internal.session.SessionDescription;
import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.support.SessionOnDisk;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {

    private static final String RECORD =
            "{\"timestamp\": \"2025-10-29T10:30:00.000000Z\", \"level\": \"info\", \"message\": \"%s\", \"metadata\": null, \"sequenceNumber\": ";

    private static final SessionName NAME = SessionName.of("project", "run");

    @TempDir
    Path root;

    private final AtomicLong clock = new AtomicLong(1_000_000_000L);
    /** How far the clock advances with each reading. */
    private final AtomicLong jump = new AtomicLong();
    /** Runs at each reading of the clock. */
    private Runnable meanwhile = () -> {};

    private final FaultyDisk disk = new FaultyDisk();
    private SessionOnDisk session;
    private Journal journal;

    /** A disk with switches for failures; it really writes. */
    private static final class FaultyDisk implements Storage {
        /** How many bytes fit before the disk is full. */
        long room = Long.MAX_VALUE;

        /** Whether an error comes after the system call, as a stack overflow could. */
        boolean failsAfterwards;

        boolean forceFails;
        int forced;

        @Override
        public LogFile open(File log) throws IOException {
            return new LogFile(log) {
                @Override
                public void write(byte[] bytes, int start, int count) throws IOException {
                    int fits = (int) Math.min(count, room);
                    super.write(bytes, start, fits);
                    room -= fits;
                    if (fits < count) {
                        throw new IOException("No space left on device");
                    }
                    if (failsAfterwards) {
                        throw new StackOverflowError("thrown by the test");
                    }
                }

                @Override
                public void force() throws IOException {
                    forced++;
                    super.force();
                    if (forceFails) {
                        throw new IOException("Input/output error");
                    }
                }
            };
        }
    }

    @BeforeEach
    void open() {
        session = SessionOnDisk.of(root, "project", "run");
        journal = newJournal();
    }

    private Journal newJournal() {
        Journal journal = new Journal(new SessionDirectory(session.directory()), NAME, this::now, disk, 0);
        journal.retain(disk);
        return journal;
    }

    private long now() {
        meanwhile.run();
        return clock.addAndGet(jump.get());
    }

    @AfterEach
    void close() throws IOException {
        journal.release();
    }

    private void append(String message) throws IOException {
        append(journal, message, null);
    }

    private static void append(Journal journal, String message, String description) throws IOException {
        append(journal, String.format(RECORD, message), false, description);
    }

    private static void append(Journal journal, String record, boolean forced, String description) throws IOException {
        byte[] bytes = record.getBytes(UTF_8);
        Line line = new Line();
        journal.append(line.set(
                Arrays.copyOf(bytes, bytes.length + LineFormat.ROOM_FOR_NUMBER), bytes.length, forced, description));
    }

    private void reopen() throws IOException {
        journal.release();
        journal = newJournal();
    }

    private void elapse(long amount, TimeUnit unit) {
        clock.addAndGet(unit.toNanos(amount));
    }

    private void deleteSession() throws IOException {
        try (Stream<Path> files = Files.walk(session.directory())) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    @Test
    void theDocumentsSampleLinesAreWrittenByteForByte() throws IOException {
        for (String record : new String[] {
            "{\"timestamp\": \"2025-10-29T10:30:00.000000Z\", \"level\": \"info\", \"message\": \"Training started\", \"metadata\": null, \"sequenceNumber\": ",
            "{\"timestamp\": \"2025-10-29T10:30:05.000000Z\", \"level\": \"info\", \"message\": \"Epoch 1 complete\", \"metadata\": {\"train_loss\": 0.5}, \"sequenceNumber\": "
        }) {
            append(journal, record, true, null);
        }
        assertThat(SessionOnDisk.text(session.log())).isEqualTo("""
                        {"timestamp": "2025-10-29T10:30:00.000000Z", "level": "info", "message": "Training started", "metadata": null, "sequenceNumber": 0}
                        {"timestamp": "2025-10-29T10:30:05.000000Z", "level": "info", "message": "Epoch 1 complete", "metadata": {"train_loss": 0.5}, "sequenceNumber": 1}
                        """);
    }

    @Test
    void aRecordIsInTheFileWhenAppendReturns() throws IOException {
        for (int i = 0; i < 1100; i++) {
            append("m" + i);
            assertThat(Files.size(session.log())).isGreaterThan(i * 100L);
        }
        session.assertGapless(1100);
    }

    @Test
    void reopeningContinues() throws IOException {
        for (int i = 0; i < 20; i++) {
            append("m" + i);
            reopen();
        }
        session.assertGapless(20);
        session.assertLeftBehindRightly();
    }

    @Test
    void theHintIsExactAfterEachWrite() throws IOException {
        for (int i = 1; i <= 30; i++) {
            append("m");
            assertThat(session.readHint()).isEqualTo(i);
        }
        journal.release();
        session.assertLeftBehindRightly();
        journal.retain(disk);
    }

    @Test
    void theHintIsANumberAtAFixedWidthThatPythonReads() throws IOException {
        append("m");
        assertThat(SessionOnDisk.text(session.hint())).isEqualTo("1                  \n");
    }

    @Test
    void whateverTheHintSaysTheLogIsTheTruth() throws IOException {
        append("m");
        for (String hint : new String[] {"", "garbage", "0", "999999", "\0\0\0\0", "x".repeat(100), "-7"}) {
            int records = session.lines().size();
            journal.release();
            session.write(session.hint(), hint);
            journal = newJournal();
            append("after " + hint.length());
            session.assertGapless(records + 1);
            session.assertLeftBehindRightly();
        }
        journal.release();
        Files.delete(session.hint());
        journal = newJournal();
        append("without a hint");
        session.assertGapless(9);
        session.assertLeftBehindRightly();
    }

    @Test
    void aHintThatCannotBeWrittenCostsNoRecord() throws IOException {
        Files.createDirectories(session.hint());
        append("m");
        append("n");
        session.assertGapless(2);
        assertThat(journal.nextNotice()).contains("cannot write .log_sequence");
        assertThat(journal.nextNotice()).isNull();
    }

    @Test
    void aSessionOfThePythonSdkIsContinued() throws IOException {
        session.write(session.log(), """
                        {"sequenceNumber": 0, "timestamp": "2025-10-25T12:40:56Z", "level": "debug", "message": "Debug information"}
                        {"sequenceNumber": 1, "timestamp": "2025-10-25T12:40:56.751380Z", "level": "info", "message": "Training started", "metadata": {"model": "resnet50"}}
                        """).write(session.hint(), "2").write(session.description(), """
                        {
                          "name": "run",
                          "workspace": "project",
                          "description": "from Python",
                          "tags": [],
                          "folder": null,
                          "metadata": null,
                          "created_at": "2025-10-25T12:40:58.291533Z",
                          "write_protected": false
                        }""");
        append("from the JVM");
        journal.release();

        session.assertNumbered(3);
        assertThat(session.lines().get(2)).isEqualTo(String.format(RECORD, "from the JVM") + "2}");
        session.assertLeftBehindRightly();
        assertThat(session.readDescription().get("description").stringValue()).isEqualTo("from Python");
        assertThat(session.readDescription().get("created_at").stringValue()).isEqualTo("2025-10-25T12:40:58.291533Z");
        assertThat(session.readDescription().has("updated_at")).isTrue();
    }

    @Test
    void aTornTailIsSetAsideAndReported() throws IOException {
        append("whole");
        journal.release();
        session.append(session.log(), "{\"timestamp\": \"2025-10");
        journal = newJournal();
        jump.set(TornEnd.SETTLE_NANOS / 5);
        append("next");

        session.assertGapless(2);
        assertThat(SessionOnDisk.text(session.torn())).isEqualTo("{\"timestamp\": \"2025-10\n");
        assertThat(journal.nextNotice()).contains("22 bytes are set aside in logs.jsonl.torn");
    }

    @Test
    void aLineThatPythonIsWritingIsNotCutOff() throws IOException {
        assumeThat(NativeFlock.isAvailable())
                .as("with flock, nobody can be writing")
                .isFalse();
        append("whole");
        String line = String.format(RECORD, "from Python") + "1}\n";
        session.append(session.log(), line.substring(0, 50));
        AtomicInteger looks = new AtomicInteger();
        meanwhile = () -> {
            switch (looks.incrementAndGet()) {
                case 8 -> session.append(session.log(), line.substring(50, 70));
                case 16 -> session.append(session.log(), line.substring(70));
                default -> {}
            }
        };
        jump.set(TornEnd.SETTLE_NANOS / 10);
        Thread.currentThread().interrupt();
        append("next");

        assertThat(Thread.interrupted()).isTrue();
        session.assertGapless(3);
        assertThat(session.messages()).containsExactly("whole", "from Python", "next");
        assertThat(session.torn()).doesNotExist();
    }

    @Test
    void aFullDiskLeavesWholeLinesKeepsTheNumberAndGoesOnByItself() throws IOException {
        append("before");
        String before = SessionOnDisk.text(session.log());
        for (int room = 0; room < 120; room++) {
            disk.room = room;
            assertThatThrownBy(() -> append("lost"))
                    .isInstanceOf(IOException.class)
                    .hasMessage("No space left on device");
            assertThat(SessionOnDisk.text(session.log())).isEqualTo(before);
        }
        disk.room = Long.MAX_VALUE;
        append("after");
        session.assertGapless(2);
        assertThat(session.messages()).containsExactly("before", "after");
        assertThat(session.torn()).doesNotExist();
    }

    @Test
    void anErrorAfterTheSystemCallDoesNotRepeatTheNumber() throws IOException {
        append("before");
        disk.failsAfterwards = true;
        append("written after all");
        disk.failsAfterwards = false;
        append("after");
        session.assertGapless(3);
        assertThat(session.messages()).containsExactly("before", "written after all", "after");
    }

    @Test
    void whatCannotBeOpenedNowIsOpenedLater() throws IOException {
        session.write(session.directory().resolve("logs"), "a file where the directory should be");
        assertThatThrownBy(() -> append("lost")).isInstanceOf(IOException.class);
        Files.delete(session.directory().resolve("logs"));
        append("kept");
        session.assertGapless(1);
    }

    @Test
    void aDeletedLogStartsAgain() throws IOException {
        append("deleted");
        Files.delete(session.log());
        elapse(101, TimeUnit.MICROSECONDS);
        append("first of the new log");
        session.assertGapless(1);
        session.assertLeftBehindRightly();
    }

    @Test
    void aDeletedSessionStartsAgainWithItsDescription() throws IOException {
        String description = SessionDescription.of(
                        NAME, SessionDescription.nothing().put("description", "A test"))
                .toText();
        append(journal, "deleted", description);
        deleteSession();
        elapse(101, TimeUnit.MICROSECONDS);
        append(journal, "first of the new log", description);
        session.assertGapless(1);
        assertThat(session.lock()).exists();
        assertThat(session.readDescription().get("description").stringValue()).isEqualTo("A test");
    }

    @Test
    void aLogThatIsTruncatedOrReplacedGoesOnWhereItEnds() throws IOException {
        append("zero");
        String zero = SessionOnDisk.text(session.log());
        append("one");
        append("two");
        session.write(session.log(), zero);
        elapse(101, TimeUnit.MICROSECONDS);
        append("after truncation");
        session.assertGapless(2);

        Files.move(session.log(), session.log().resolveSibling("logs.jsonl.1"));
        session.write(session.log(), zero);
        elapse(101, TimeUnit.MICROSECONDS);
        append("after rotation");
        session.assertGapless(2);
        assertThat(session.messages()).containsExactly("zero", "after rotation");
    }

    @Test
    void whatOthersAppendWithoutAskingIsCountedToo() throws IOException {
        append("ours");
        session.append(
                session.log(),
                "{\"sequenceNumber\": 1, \"timestamp\": \"2025-10-25T12:00:00Z\", \"level\": \"info\", \"message\": \"Python's\"}\n");
        elapse(101, TimeUnit.MICROSECONDS);
        append("ours again");
        session.assertNumbered(3);
    }

    @Test
    void aSessionDeletedAndRecreatedByAPeerIsSharedWithIt() throws IOException {
        append("deleted");
        deleteSession();
        // The peer: another lock file, and a record.
        Files.createDirectories(session.log().getParent());
        SessionLock peer = new SessionLock(session.lock());
        assertThat(peer.tryTake()).isTrue();
        session.write(session.log(), String.format(RECORD, "a peer's") + "0}\n");
        elapse(101, TimeUnit.MICROSECONDS);
        jump.set(LockPatience.MAX_WAIT_NANOS);
        assertThatThrownBy(() -> append("the peer holds the lock")).isInstanceOf(SessionLockedException.class);
        jump.set(0);
        peer.close();
        append("ours");
        session.assertGapless(2);
        assertThat(session.messages()).containsExactly("a peer's", "ours");
    }

    @Test
    void aLogThatWasReplacedByAnEquallyLongOneWhileWePausedIsFound() throws IOException {
        append("old");
        Path copy = Files.writeString(
                session.log().resolveSibling("copy"),
                SessionOnDisk.text(session.log()).replace("old", "new"));
        Files.move(copy, session.log(), StandardCopyOption.REPLACE_EXISTING);
        append("next");
        session.assertGapless(2);
        assertThat(session.messages()).containsExactly("new", "next");
    }

    @Test
    void afterTheLockWasReleasedTheTailIsReadAgain() throws IOException {
        append("ours");
        try (FileOutputStream out = new FileOutputStream(session.log().toFile(), true)) {
            out.write((String.format(RECORD, "a peer's") + "1}\n").getBytes(UTF_8));
        }
        append("ours again");
        session.assertGapless(3);
    }

    @Test
    void theLockIsFreeAfterEachWrite() throws IOException {
        SessionLock peer = new SessionLock(session.lock());
        append("m");
        assertThat(peer.tryTake()).isTrue();
        peer.release();
        append("m");
        assertThat(peer.tryTake()).isTrue();
        peer.close();
    }

    @Test
    void aRecordWaitsTenSecondsForAPeerAndLaterOnesHardlyAtAll() throws IOException {
        append("m");
        SessionLock peer = new SessionLock(session.lock());
        assertThat(peer.tryTake()).isTrue();
        jump.set(LockPatience.MAX_WAIT_NANOS + 1); // passes with each reading of the clock
        assertThatThrownBy(() -> append("refused")).isInstanceOf(SessionLockedException.class);
        jump.set(0);

        // For a second no record waits; then one waits, for a tenth of a second.
        assertThatThrownBy(() -> append("refused without a wait")).isInstanceOf(SessionLockedException.class);
        elapse(1, TimeUnit.SECONDS);
        jump.set(LockPatience.MAX_RETRY_WAIT_NANOS + 1);
        assertThatThrownBy(() -> append("refused after a short one")).isInstanceOf(SessionLockedException.class);
        jump.set(0);
        assertThatThrownBy(() -> append("refused without a wait")).isInstanceOf(SessionLockedException.class);
        peer.close();
        append("goes on");
        session.assertGapless(2);
    }

    @Test
    void onlyForcedRecordsAreForcedAndAFailureThereIsReportedAndCostsNoRecord() throws IOException {
        String record = String.format(RECORD, "m");
        append(journal, record, false, null);
        assertThat(disk.forced).isZero();
        append(journal, record, true, null);
        assertThat(disk.forced).isEqualTo(1);
        disk.forceFails = true;
        append(journal, record, true, null);
        assertThat(journal.nextNotice()).endsWith("to the device: Input/output error");
        session.assertGapless(3);
    }

    @Test
    void aJournalThatNobodyUsesIsOpenedByItsNextRecordAndCanBeClosedAgain() throws IOException {
        append("m");
        journal.release();
        append(journal, "a straggler", null);
        journal.closeIfUnused();
        session.assertGapless(2);
        session.assertLeftBehindRightly();
        journal.retain(disk);
    }

    @Test
    void aDescriptionIsWrittenWithTheFirstRecordAndAgainWhenItChanges() throws IOException {
        String first = SessionDescription.of(NAME, SessionDescription.nothing().put("description", "first"))
                .toText();
        String second = SessionDescription.of(NAME, SessionDescription.nothing().put("description", "second"))
                .toText();
        append(journal, "m", first);
        assertThat(session.readDescription().get("description").stringValue()).isEqualTo("first");
        assertThat(session.readDescription().has("updated_at")).isFalse();

        append(journal, "m", second);
        assertThat(session.readDescription().get("description").stringValue()).isEqualTo("second");

        append(journal, "of the scope that is older", first);
        assertThat(session.readDescription().get("description").stringValue()).isEqualTo("second");

        append(journal, "m", "garbage");
        assertThat(journal.nextNotice()).contains("is not readable");
        session.assertGapless(4);
    }

    @Test
    void theNewestDescriptionCountsForEachOfItsParts() throws IOException {
        String outer = SessionDescription.of(
                        NAME,
                        SessionDescription.nothing().put("description", "outer").put("folder", "/outer"))
                .toText();
        String inner = SessionDescription.of(NAME, SessionDescription.nothing().put("folder", "/inner"))
                .toText();
        append(journal, "the inner scope logs first", inner);
        append(journal, "then the outer one", outer);
        assertThat(session.readDescription().get("description").stringValue()).isEqualTo("outer");
        assertThat(session.readDescription().get("folder").stringValue()).isEqualTo("/inner");
    }

    @Test
    void theDescriptionOfAnotherSessionIsNotTaken() throws IOException {
        SessionName other = SessionName.of("project", "other");
        append(
                journal,
                "m",
                SessionDescription.of(other, SessionDescription.nothing().put("description", "other's"))
                        .toText());
        assertThat(session.readDescription().get("description").isNull()).isTrue();
        assertThat(journal.nextNotice()).isNull();
    }

    @Test
    void theHintIsInAsciiDigitsWhateverTheLocale() throws IOException {
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
        try {
            append("m");
            assertThat(SessionOnDisk.text(session.hint())).isEqualTo("1                  \n");
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void aDescriptionThatCannotBeWrittenCostsNoRecord() throws IOException {
        Files.createDirectories(session.directory().resolve(".session.json.tmp"));
        append("m");
        append("n");
        session.assertGapless(2);
        assertThat(journal.nextNotice()).contains("cannot write the description");
        assertThat(journal.nextNotice()).isNull();

        Files.delete(session.directory().resolve(".session.json.tmp"));
        reopen();
        append("o");
        session.assertGapless(3);
        assertThat(session.readDescription().get("name").stringValue()).isEqualTo("run");
    }

    @Test
    void anInterruptedThreadWritesAndStaysInterrupted() throws IOException {
        Thread.currentThread().interrupt();
        append("interrupted");
        append("and again");
        journal.release();
        assertThat(Thread.interrupted()).isTrue();
        session.assertGapless(2);
        session.assertLeftBehindRightly();
    }

    @Test
    void anInterruptedThreadThatWaitsForAPeerStaysInterrupted() throws IOException {
        append("m");
        SessionLock peer = new SessionLock(session.lock());
        assertThat(peer.tryTake()).isTrue();
        jump.set(LockPatience.MAX_WAIT_NANOS / 2 + 1); // one reading at the start, one before the wait, one after it
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> append("refused")).isInstanceOf(SessionLockedException.class);
        assertThat(Thread.interrupted()).isTrue();
        jump.set(0);
        peer.close();
    }

    @Test
    void everyNumberHasRoomAfterTheRecord() throws IOException {
        session.write(session.log(), "{\"sequenceNumber\": 999999999999999998}\n");
        append("m");
        append("m");
        assertThat(session.lines().get(1)).endsWith("\"sequenceNumber\": 999999999999999999}");
        assertThat(session.lines().get(2)).endsWith("\"sequenceNumber\": 1000000000000000000}");
    }

    @Test
    void reopeningASessionUpdatesItsDescriptionAlsoInOneProcess() throws IOException {
        append("m");
        assertThat(session.readDescription().has("updated_at")).isFalse();
        journal.release();
        journal.retain(disk);
        append("m");
        assertThat(session.readDescription().has("updated_at")).isTrue();
    }
}
