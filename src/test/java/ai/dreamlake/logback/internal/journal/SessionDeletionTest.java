package ai.dreamlake.logback.internal.journal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.internal.record.LineFormat;
import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.support.ChildJvm;
import ai.dreamlake.logback.support.MemoryTempDir;
import ai.dreamlake.logback.support.SessionOnDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What prevents a session's deletion, and what a kill during one leaves. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SessionDeletionTest {

    private static final SessionName NAME = SessionName.of("project", "run");
    private static final long WRITE_DELAY = TimeUnit.MILLISECONDS.toNanos(2);

    @TempDir(factory = MemoryTempDir.class)
    Path root;

    /** Runs after each deleted file. */
    private Consumer<Path> step = file -> {};

    private final Storage storage = new Storage() {
        @Override
        public void deleted(Path file) {
            step.accept(file);
        }
    };

    private SessionOnDisk session() {
        return session(root);
    }

    private static SessionOnDisk session(Path root) {
        return SessionOnDisk.of(root, "project", "run");
    }

    private Journal journal() throws IOException {
        return journal(root, NAME, storage);
    }

    private static Journal journal(Path root, SessionName name, Storage storage) throws IOException {
        return JournalRegistry.journal(root, name, System::nanoTime, storage, WRITE_DELAY);
    }

    private static Line line(String message) {
        byte[] start = ("{\"timestamp\": \"2025-10-29T10:30:00.000000Z\", \"level\": \"info\", \"message\": \""
                        + message + "\", \"metadata\": null, \"sequenceNumber\": ")
                .getBytes(UTF_8);
        byte[] bytes = new byte[start.length + LineFormat.ROOM_FOR_NUMBER];
        System.arraycopy(start, 0, bytes, 0, start.length);
        return new Line().set(bytes, start.length, false, null);
    }

    /** Writes a session as a finished run leaves it. */
    private static void write(Path root, SessionName name, int records) throws IOException {
        Journal journal = journal(root, name, Storage.kept());
        journal.retain(Storage.kept());
        for (int i = 0; i < records; i++) {
            journal.append(line("m" + i));
        }
        journal.release();
    }

    private boolean delete() throws IOException {
        return delete(root, NAME, storage);
    }

    private static boolean delete(Path root, SessionName name, Storage storage) throws IOException {
        Journal journal = journal(root, name, storage);
        return journal.delete(SessionInventory.of(journal.directory()), () -> true);
    }

    private static Set<String> filesUnder(Path directory) throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            Set<String> names = new TreeSet<>();
            files.filter(file -> !file.equals(directory))
                    .forEach(file -> names.add(directory.relativize(file).toString()));
            return names;
        }
    }

    private void put(String file, String content) {
        session().write(session().directory().resolve(file), content);
    }

    @Test
    void ourFilesAreDeletedAndTheDirectoriesAndLockFilesStay() throws IOException {
        write(root, NAME, 3);
        for (String file : List.of("logs/.upload", "logs/.upload.tmp", ".session.json.tmp")) {
            put(file, "{}");
        }
        for (String file :
                List.of("logs/.upload.lock", ".session.lock", "logs/rejected.jsonl", "logs/logs.jsonl.torn")) {
            put(file, "");
        }
        Files.createDirectory(session().directory().resolve("tracks")); // as the Python SDK does
        Files.createDirectory(session().directory().resolve("files"));
        assertThat(delete()).isTrue();
        assertThat(filesUnder(session().directory()))
                .containsExactlyInAnyOrder(
                        "logs", "logs/.log_sequence.lock", "logs/.upload.lock", ".session.lock", "tracks", "files");
        assertThat(SessionInventory.of(new SessionDirectory(session().directory())))
                .isEqualTo(new SessionInventory(0, 0, false, null))
                .returns(false, SessionInventory::isDeletable);

        write(root, NAME, 2);
        session().assertGapless(2);
        session().assertLeftBehindRightly();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "parameters.json",
                "session.json.damaged",
                "notes.txt",
                "tracks/loss.jsonl",
                "files/model.bin",
                "plots/logs.png",
                "session.json.bak",
                "logs/rejected.jsonl",
                "logs/logs.jsonl.torn",
                "logs/logs.jsonl.tail",
                "logs/logs.jsonl.tail.3",
                "logs/logs.0000000000000000007.jsonl",
                "logs/logs.jsonl.gz",
                "logs/backup/logs.jsonl"
            })
    void whatIsNotALogOrIsKeptNowhereElseKeepsTheSession(String file) throws IOException {
        write(root, NAME, 3);
        put(file, "something");
        Set<String> before = filesUnder(session().directory());
        SessionInventory inventory =
                SessionInventory.of(new SessionDirectory(session().directory()));
        assertThat(inventory.isDeletable()).isFalse();
        assertThat(session().directory().resolve(file).startsWith(inventory.keptBy()))
                .isTrue();
        assertThat(delete()).isFalse();
        assertThat(filesUnder(session().directory())).isEqualTo(before);
        session().assertGapless(3);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"write_protected\": true}",
                "{\"write_protected\": \"yes\"}",
                "{\"write_protected\": 1}",
                "{\"write_protec",
                "[]",
                ""
            })
    void aProtectedSessionStaysAndSoDoesOneWithAnUnreadableDescription(String description) throws IOException {
        write(root, NAME, 3);
        put("session.json", description);
        assertThat(delete()).isFalse();
        session().assertGapless(3);
        put("session.json", "{\"write_protected\": false}");
        assertThat(delete()).isTrue();
    }

    @Test
    void aSessionWithOthersNestedInItIsDeletedWithoutThem() throws IOException {
        SessionName nested = SessionName.of("project", "run/nested");
        write(root, NAME, 3);
        write(root, nested, 2);
        assertThat(delete()).isTrue();
        assertThat(session().log()).doesNotExist();
        SessionOnDisk.of(root, "project", "run/nested").assertGapless(2);
    }

    @Test
    void aSessionThatChangedSinceItsInventoryStays() throws IOException {
        write(root, NAME, 3);
        SessionInventory before =
                SessionInventory.of(new SessionDirectory(session().directory()));
        write(root, NAME, 1);
        assertThat(journal().delete(before, () -> true)).isFalse();
        session().assertGapless(4);
    }

    @Test
    void aSessionStaysIfTheConditionDoesNotHold() throws IOException {
        write(root, NAME, 3);
        Journal journal = journal();
        assertThat(journal.delete(SessionInventory.of(journal.directory()), () -> false))
                .isFalse();
        session().assertGapless(3);
    }

    @Test
    void aSessionThatIsOpenHereStays() throws IOException {
        write(root, NAME, 1);
        Journal journal = journal();
        journal.retain(storage);
        assertThat(delete()).as("open, without a record so far").isFalse();
        journal.append(line("a"));
        assertThat(delete()).isFalse();
        journal.append(line("b"));
        journal.release();
        session().assertGapless(3);
        assertThat(delete()).isTrue();
    }

    @Test
    void aSessionWhoseLockAnotherHoldsStays() throws IOException {
        write(root, NAME, 3);
        try (SessionLock peer = new SessionLock(session().lock())) {
            assertThat(peer.tryTake()).isTrue();
            assertThat(delete()).isFalse();
        }
        session().assertGapless(3);
        assertThat(delete()).isTrue();
    }

    @DisabledOnOs(OS.WINDOWS)
    @ParameterizedTest
    @ValueSource(
            strings = {
                "logs/logs.jsonl",
                "logs/.log_sequence",
                "logs/.upload",
                "session.json",
                "logs/.log_sequence.lock",
                "tracks",
                "logs"
            })
    void linksAndPipesKeepTheSessionAndLeadNowhere(String file) throws Exception {
        write(root, NAME, 3);
        Path outside = Files.createDirectories(root.resolve("outside/precious"));
        Path hostile = session().directory().resolve(file);
        Path aside = root.resolve("aside");
        if (Files.exists(hostile)) {
            Files.move(hostile, aside);
        }
        SessionInventory expected = new SessionInventory(3, 3, false, null); // any earlier inventory

        Files.createSymbolicLink(hostile, Files.exists(aside) ? aside : outside);
        assertStays(expected);
        Files.delete(hostile);
        assertThat(new ProcessBuilder("mkfifo", hostile.toString()).start().waitFor())
                .isZero();
        assertStays(expected);
        assertThat(outside).isDirectory();
    }

    private void assertStays(SessionInventory expected) throws IOException {
        Set<String> before = filesUnder(root);
        SessionDirectory directory = new SessionDirectory(session().directory());
        Journal journal = new Journal(directory, NAME, System::nanoTime, storage, 0);
        for (SessionInventory one : List.of(expected, inventory(directory))) {
            try {
                assertThat(journal.delete(one, () -> true)).isFalse();
            } catch (IOException refused) {
                assertThat(refused).hasMessageMatching(".*(link|pipe|logs).*");
            }
        }
        assertThat(filesUnder(root)).isEqualTo(before);
    }

    private static SessionInventory inventory(SessionDirectory directory) {
        try {
            return SessionInventory.of(directory);
        } catch (IOException noDirectory) {
            return new SessionInventory(0, 0, false, null);
        }
    }

    /** A whole deletion, stopped after each file. */
    @Test
    void aKillAfterAnyStepLeavesAWholeSessionOrOneThatStartsAtZeroForEverybody() throws IOException {
        write(root, NAME, 3);
        Journal journal = journal();
        journal.retain(storage); // its steps count from now on
        journal.release();
        put("logs/.upload", "{\"offset\": 100}");
        put("logs/.upload.tmp", "{");
        List<Path> killed = new ArrayList<>();
        step = file -> killed.add(copy("killed" + killed.size()));
        assertThat(delete()).isTrue();
        assertThat(killed).hasSize(5);
        for (Path copy : killed) {
            SessionOnDisk left = session(copy);
            assertThat(left.log()).doesNotExist();
            assertThat(python(left))
                    .as("the number that the Python SDK goes on with")
                    .isZero();
            SessionDirectory directory = new SessionDirectory(left.directory());
            boolean isLast = copy.equals(killed.get(killed.size() - 1));
            assertThat(SessionInventory.of(directory).isDeletable())
                    .as("can be deleted once more")
                    .isEqualTo(!isLast);
            assertThat(Files.exists(directory.checkpoint()))
                    .as("still known to have been delivered")
                    .isEqualTo(!isLast);

            Path continued = copy(left.directory(), copy.resolveSibling(copy.getFileName() + "-continued"));
            write(continued, NAME, 2);
            session(continued).assertGapless(2);
            session(continued).assertLeftBehindRightly();
            assertThat(delete(copy, NAME, Storage.kept())).isEqualTo(!isLast);
            assertThat(filesUnder(left.directory())).containsExactlyInAnyOrder("logs", "logs/.log_sequence.lock");
        }
    }

    /** The next number, as the SDK determines it. */
    private static long python(SessionOnDisk session) throws IOException {
        try {
            return Files.exists(session.hint())
                    ? Long.parseLong(Files.readString(session.hint()).strip())
                    : 0;
        } catch (NumberFormatException garbled) {
            return 0;
        }
    }

    private Path copy(String name) {
        return copy(session().directory(), root.resolve(name));
    }

    /** Copies a session to another root. */
    private static Path copy(Path directory, Path root) {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.toList()) {
                Path to = session(root)
                        .directory()
                        .resolve(directory.relativize(file).toString());
                Files.createDirectories(to.getParent());
                Files.copy(file, to);
            }
        } catch (IOException failed) {
            throw new AssertionError(failed);
        }
        return root;
    }

    /** Arguments: root, how many sessions. Deletes them all. */
    static final class Deleting {
        public static void main(String[] arguments) throws IOException {
            System.out.println("begins");
            for (int i = 0; i < Integer.parseInt(arguments[1]); i++) {
                delete(Path.of(arguments[0]), SessionName.of("project", "s" + i), Storage.kept());
            }
        }
    }

    @Test
    void aProcessThatIsReallyKilledLeavesEachSessionWholeOrWithoutALog() throws IOException {
        Random random = new Random();
        int sessions = 200;
        for (int kill = 0; kill < 5; kill++) {
            for (int i = 0; i < sessions; i++) {
                write(root, SessionName.of("project", "s" + i), 2);
            }
            try (ChildJvm child = ChildJvm.start(Deleting.class, root, sessions)) {
                assertThat(child.readLine()).isEqualTo("begins");
                LockSupport.parkNanos(random.nextInt((int) TimeUnit.MILLISECONDS.toNanos(80)));
                child.kill();
                child.waitFor();
            }
            for (int i = 0; i < sessions; i++) {
                SessionOnDisk left = SessionOnDisk.of(root, "project", "s" + i);
                if (Files.exists(left.log())) {
                    left.assertGapless(2);
                    left.assertLeftBehindRightly();
                } else {
                    assertThat(python(left)).isZero();
                }
                delete(root, SessionName.of("project", "s" + i), Storage.kept());
                assertThat(filesUnder(left.directory())).containsExactly("logs", "logs/.log_sequence.lock");
            }
        }
    }

    /** Arguments: root. Opens the session with one record, without a tail, and writes another on request. */
    static final class Opening {
        public static void main(String[] arguments) throws IOException {
            Journal journal = journal(Path.of(arguments[0]), NAME, Storage.kept());
            journal.retain(Storage.kept());
            journal.append(line("child"));
            System.out.println("open");
            LockSupport.park();
        }
    }

    @Test
    void aSessionThatAnotherProcessHasOpenStaysUntilThatProcessEnds() throws IOException {
        write(root, NAME, 3);
        try (ChildJvm child = ChildJvm.start(Opening.class, root)) {
            assertThat(child.readLine()).isEqualTo("open");
            assertThat(new SessionDirectory(session().directory()).hasTails()).isFalse();
            assertThat(delete()).isFalse();
            assertThat(delete()).as("to look does not end what shows it").isFalse();
            session().assertGapless(4);
            child.kill();
            child.waitFor();
        }
        assertThat(delete()).isTrue();
    }

    /** Arguments: root, records. Opens and closes the session for each record. */
    static final class Logging {
        public static void main(String[] arguments) throws IOException {
            for (int i = 0; i < Integer.parseInt(arguments[1]); i++) {
                Journal journal = journal(Path.of(arguments[0]), NAME, Storage.kept());
                journal.retain(Storage.kept());
                journal.append(line("child" + i));
                journal.release();
            }
            System.out.println("ends");
        }
    }

    /** Each record is in the final log, or was in a log that was deleted. */
    @Test
    void whatIsLoggedDuringADeletionIsNotLost() throws Exception {
        int records = 2000;
        List<String> seen = new ArrayList<>();
        int deletions = 0;
        ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
        Thread here = new Thread(() -> {
            try {
                for (int i = 0; i < records; i++) {
                    Journal journal = journal();
                    journal.retain(Storage.kept());
                    journal.append(line("here" + i));
                    journal.release();
                }
            } catch (Throwable failed) {
                failures.add(failed);
            }
        });
        try (ChildJvm there = ChildJvm.start(Logging.class, root, records)) {
            write(root, NAME, 1);
            here.start();
            Thread ending = new Thread(there::readLine);
            ending.start();
            while (here.isAlive() || ending.isAlive()) {
                Journal journal = journal();
                List<String> messages = new ArrayList<>();
                boolean gone = journal.delete(SessionInventory.of(journal.directory()), () -> {
                    session().assertNumbered(session().lines().size());
                    messages.addAll(session().messages()); // nobody is writing now
                    return true;
                });
                if (gone) {
                    deletions++;
                    seen.addAll(messages);
                }
            }
        }
        seen.addAll(Files.exists(session().log()) ? session().messages() : List.of());
        assertThat(failures).isEmpty();
        assertThat(deletions).isPositive();
        List<String> expected = new ArrayList<>(List.of("m0"));
        for (int i = 0; i < records; i++) {
            expected.add("here" + i);
            expected.add("child" + i);
        }
        assertThat(seen).containsExactlyInAnyOrderElementsOf(expected);
    }
}
