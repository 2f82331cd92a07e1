package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Local retention as a user configures it. The tests of the classes that decide have the details. */
class LocalRetentionTest {

    @TempDir
    Path root;

    private SessionOnDisk run(String session, long daysAgo) throws IOException {
        try (Logging logging = Logging.to(root, appender -> appender.setSession(session))) {
            logging.log.info("m");
        }
        SessionOnDisk written = SessionOnDisk.of(root, "default", session);
        try (Stream<Path> files = Files.walk(written.directory())) {
            for (Path file : files.toList()) {
                Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofDays(daysAgo))));
            }
        }
        return written;
    }

    @Test
    void oldSessionsAreDeletedAtTheNextStartAndTheirNextRecordBeginsThemAgain() throws IOException {
        SessionOnDisk old = run("old", 31);
        SessionOnDisk young = run("young", 29);
        try (Logging logging = Logging.byXml("<localPath>" + root + "</localPath><session>old</session>"
                + "<localRetention><maxAge>30 days</maxAge><localMode>true</localMode></localRetention>")) {
            await().until(() -> logging.infos().stream()
                    .anyMatch(info -> info.matches("Deleted 1 session with \\d+ bytes, as <localRetention> asks.")));
            assertThat(old.log()).doesNotExist();
            logging.log.info("again");
            assertThat(logging.warnings()).isEmpty();
        }
        old.assertGapless(1);
        old.assertLeftBehindRightly();
        assertThat(old.messages()).containsExactly("again");
        young.assertGapless(1);
        await().until(() -> Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().startsWith("dreamlake-cleaner-")));
    }

    @Test
    void withoutTheElementEverythingStays() throws IOException {
        SessionOnDisk old = run("old", 10_000);
        try (Logging logging = Logging.to(root)) {
            logging.log.info("m");
            assertThat(Thread.getAllStackTraces().keySet())
                    .noneMatch(thread -> thread.getName().startsWith("dreamlake-cleaner-"));
        }
        old.assertGapless(1);
    }
}
