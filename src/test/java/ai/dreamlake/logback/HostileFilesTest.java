package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import ai.dreamlake.logback.support.FakeDreamlake;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import ch.qos.logback.core.util.Duration;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Pipes, links and directories in place of a session's files. */
@DisabledOnOs(OS.WINDOWS)
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD) // nothing interrupts the opening of a pipe
class HostileFilesTest {

    private static final int EVENTS = 60;
    private static final String PRECIOUS = "{\"a file\": \"that is none of ours\"}\n";

    @TempDir
    Path directory;

    private Path outside() {
        return directory.resolve("outside");
    }

    private Path root() {
        return directory.resolve("root");
    }

    private SessionOnDisk session() {
        return SessionOnDisk.of(root(), "project", "nested/run");
    }

    private enum Kind {
        PIPE {
            @Override
            void put(Path file, Path outside) throws IOException, InterruptedException {
                assertThat(new ProcessBuilder("mkfifo", file.toString()).start().waitFor())
                        .isZero();
            }
        },
        LINK {
            @Override
            void put(Path file, Path outside) throws IOException {
                Files.createDirectories(outside);
                Path target = Files.writeString(outside.resolve("precious"), PRECIOUS);
                Files.createSymbolicLink(file, target);
            }
        },
        LINK_TO_NOTHING {
            @Override
            void put(Path file, Path outside) throws IOException {
                Files.createDirectories(outside);
                Files.createSymbolicLink(file, outside.resolve("new"));
            }
        },
        DIRECTORY {
            @Override
            void put(Path file, Path outside) throws IOException {
                Files.createDirectories(file.resolve("not empty"));
            }
        };

        abstract void put(Path file, Path outside) throws IOException, InterruptedException;
    }

    /** Nothing is written without these; the others are not essential. */
    private static final List<String> NEEDED = List.of("logs/logs.jsonl", "logs/.log_sequence.lock");

    private static final List<String> BESIDE = List.of(
            "session.json",
            ".session.json.tmp",
            "session.json.damaged",
            "logs/.log_sequence",
            "logs/logs.jsonl.tail",
            "logs/logs.jsonl.torn");

    private static final List<String> OF_UPLOAD =
            List.of("logs/.upload", "logs/.upload.tmp", "logs/.upload.lock", "logs/rejected.jsonl");

    private static Stream<Arguments> everyKindOf(List<String> files) {
        return files.stream().flatMap(file -> Arrays.stream(Kind.values()).map(kind -> arguments(kind, file)));
    }

    static Stream<Arguments> neededFiles() {
        return everyKindOf(NEEDED);
    }

    static Stream<Arguments> filesBeside() {
        return everyKindOf(BESIDE);
    }

    static Stream<Arguments> filesOfUpload() {
        return everyKindOf(OF_UPLOAD);
    }

    private Path put(Kind kind, String file) throws IOException, InterruptedException {
        Path hostile = session().directory().resolve(file);
        Files.createDirectories(hostile.getParent());
        kind.put(hostile, outside());
        return hostile;
    }

    private Logging logging() {
        return Logging.to(root(), appender -> {
            appender.setWorkspace("project");
            appender.setSession("nested/run");
        });
    }

    private static void log(Logging logging) {
        for (int i = 0; i < EVENTS; i++) {
            logging.log.info("event {}", i);
        }
    }

    private void assertOutsideIsUntouched() throws IOException {
        if (Files.exists(outside())) {
            try (Stream<Path> files = Files.list(outside())) {
                for (Path file : files.toList()) {
                    assertThat(file.getFileName()).hasToString("precious");
                    assertThat(file).hasContent(PRECIOUS);
                }
            }
        }
    }

    private static void delete(Path hostile) throws IOException {
        if (Files.isDirectory(hostile) && !Files.isSymbolicLink(hostile)) {
            Files.delete(hostile.resolve("not empty"));
        }
        Files.delete(hostile);
    }

    @ParameterizedTest
    @MethodSource("neededFiles")
    void inPlaceOfARequiredFileTheyMakeRecordsDroppedAndCountedAtOnceUntilTheyAreGone(Kind kind, String file)
            throws Exception {
        Path hostile = put(kind, file);
        try (Logging logging = logging()) {
            log(logging);
            DreamlakeStatistics refused = logging.appender.getStatistics();
            assertThat(refused.accepted()).isEqualTo(EVENTS);
            assertThat(refused.droppedInAll()).isEqualTo(EVENTS);
            assertThat(refused.written()).isZero();
            assertThat(refused.pending()).isZero();
            assertThat(logging.warnings())
                    .filteredOn(warning -> warning.contains(hostile.toString()))
                    .hasSize(1);
            assertOutsideIsUntouched();

            delete(hostile);
            log(logging);
            assertThat(logging.appender.getStatistics().written()).isEqualTo(EVENTS);
        }
        session().assertGapless(EVENTS);
        assertOutsideIsUntouched();
    }

    @ParameterizedTest
    @MethodSource("filesBeside")
    void inPlaceOfAFileBesideTheLogTheyKeepNoRecordFromBeingWritten(Kind kind, String file) throws Exception {
        put(kind, file);
        if (!file.equals("session.json")) {
            session().write(session().description(), "no JSON"); // which must be set aside
        }
        String torn = "{\"torn";
        session().write(session().log(), torn);
        boolean tornCannotBeKept = file.equals("logs/logs.jsonl.torn");
        try (Logging logging = logging()) {
            log(logging);
            DreamlakeStatistics statistics = logging.appender.getStatistics();
            assertThat(statistics.accepted()).isEqualTo(EVENTS);
            assertThat(statistics.written() + statistics.pending()).isEqualTo(tornCannotBeKept ? 0 : EVENTS);
            assertThat(statistics.droppedInAll()).isEqualTo(tornCannotBeKept ? EVENTS : 0);
            assertThat(logging.warnings())
                    .filteredOn(warning -> warning.contains("is a ") || warning.contains("irectory"))
                    .hasSizeBetween(0, 2);
        }
        assertOutsideIsUntouched();
        if (tornCannotBeKept) {
            assertThat(session().log()).hasContent(torn); // damage is never thrown away
        } else {
            session().assertGapless(EVENTS);
        }
    }

    @ParameterizedTest
    @MethodSource("filesOfUpload")
    void inPlaceOfAFileOfTheUploaderTheyKeepNoRecordFromTheLogAndNothingHangs(Kind kind, String file) throws Exception {
        put(kind, file);
        try (FakeDreamlake server = FakeDreamlake.start();
                Logging logging = Logging.to(root(), appender -> {
                    appender.setWorkspace("project");
                    appender.setSession("nested/run");
                    appender.setRemote(server.url());
                    appender.setApiKey(FakeDreamlake.TOKEN);
                    appender.getUpload().setInterval(Duration.buildByMilliseconds(10));
                    appender.getUpload().setShutdownTimeout(Duration.buildByMilliseconds(0));
                })) {
            log(logging);
            boolean isInTheWay = file.equals("logs/.upload.lock") || file.equals("logs/.upload");
            if (isInTheWay) {
                await().until(() -> logging.warnings().stream().anyMatch(warning -> warning.contains(file)));
            } else if (kind != Kind.DIRECTORY || file.equals("logs/rejected.jsonl")) {
                await().until(() -> logging.appender.getStatistics().delivered() == EVENTS);
            }
            DreamlakeStatistics statistics = logging.appender.getStatistics();
            assertThat(statistics.accepted()).isEqualTo(EVENTS);
            assertThat(statistics.written()).isEqualTo(EVENTS);
            assertThat(statistics.delivered() + statistics.pending()).isEqualTo(EVENTS);
        }
        session().assertGapless(EVENTS);
        assertOutsideIsUntouched();
    }

    /** The workspace, a directory between, the session, and its directory of logs. */
    @ParameterizedTest
    @ValueSource(strings = {"project", "project/nested", "project/nested/run", "project/nested/run/logs"})
    void noDirectoryBelowTheRootMayBeALink(String link) throws Exception {
        Path elsewhere = Files.createDirectories(outside());
        Path hostile = root().resolve(link);
        Files.createDirectories(hostile.getParent());
        Files.createSymbolicLink(hostile, elsewhere);
        try (Logging logging = logging()) {
            log(logging);
            assertThat(logging.appender.getStatistics().droppedInAll()).isEqualTo(EVENTS);
            assertThat(logging.warnings())
                    .filteredOn(warning -> warning.contains("is a link"))
                    .hasSize(1);
            try (Stream<Path> inside = Files.list(elsewhere)) {
                assertThat(inside).isEmpty();
            }
            Files.delete(hostile);
            log(logging);
        }
        session().assertGapless(EVENTS);
    }

    @Test
    void aDirectoryThatBecomesALinkWhileItIsOpenIsNotFollowed() throws Exception {
        try (Logging logging = logging()) {
            log(logging);
            await().until(() -> logging.appender.getStatistics().written() == EVENTS
                    && session().lines().size() == EVENTS);
            Files.move(session().directory(), directory.resolve("moved"));
            SessionOnDisk others = new SessionOnDisk(outside());
            others.write(others.log(), PRECIOUS);
            Files.createSymbolicLink(session().directory(), outside());
            log(logging);
            logging.context.stop();
            DreamlakeStatistics statistics = logging.appender.getStatistics();
            assertThat(statistics.written() + statistics.droppedInAll()).isEqualTo(2 * EVENTS);
            assertThat(logging.warnings())
                    .filteredOn(warning -> warning.contains("is a link"))
                    .isNotEmpty();
            assertThat(others.log()).hasContent(PRECIOUS);
            try (Stream<Path> files = Files.list(others.log().getParent())) {
                assertThat(files).containsExactly(others.log());
            }
        }
    }

    @Test
    void theRootItselfMayBeALink() throws Exception {
        Path real = Files.createDirectories(directory.resolve("disk"));
        Files.createSymbolicLink(root(), real);
        try (Logging logging = logging()) {
            log(logging);
            assertThat(logging.warnings()).isEmpty();
        }
        session().assertGapless(EVENTS);
        SessionOnDisk.of(real, "project", "nested/run").assertGapless(EVENTS);
    }

    /** Any file could be there. */
    @Test
    void aDescriptionOfGarbageOfAnySizeCostsNoMemory() throws Exception {
        File huge = session().description().toFile();
        Files.createDirectories(huge.toPath().getParent());
        try (RandomAccessFile sparse = new RandomAccessFile(huge, "rw")) {
            sparse.setLength(10L << 30);
        }
        List<String> warnings = new ArrayList<>();
        try (Logging logging = logging()) {
            log(logging);
            warnings.addAll(logging.warnings());
        }
        session().assertGapless(EVENTS);
        assertThat(huge).hasSize(10L << 30);
        assertThat(warnings)
                .filteredOn(warning -> warning.contains("is longer than"))
                .hasSize(1);
    }
}
