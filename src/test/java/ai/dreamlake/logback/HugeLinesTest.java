package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.support.ChildJvm;
import ai.dreamlake.logback.support.FakeDreamlake;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import ch.qos.logback.core.util.FileSize;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A JVM with a heap of 64 MB reads a log from another program with a line of 100 MB. */
@Timeout(300)
class HugeLinesTest {

    private static final int MEGABYTES = 100;

    @TempDir
    Path root;

    /** How a line of 100 MB is created. */
    enum Kind {
        LONG_TEXT("{\"message\": \"", "x", "\"}", true),
        MANY_NAMES("{\"message\": \"huge\"", ", \"key%d\": 1", "}", true),
        NO_JSON("garbage ", "x", "", false),
        A_NAME_WITHOUT_END("{\"", "x", "", false),
        A_NUMBER_WITHOUT_END("{\"message\": ", "7", "", false),
        BRACKETS("{\"message\": ", "[", "", false),
        ZEROS("", "\0", "", false);

        final String beginning;
        final String middle;
        final String end;
        final boolean isRecord;

        Kind(String beginning, String middle, String end, boolean isRecord) {
            this.beginning = beginning;
            this.middle = middle;
            this.end = end;
            this.isRecord = isRecord;
        }

        void writeTo(OutputStream out) throws IOException {
            write(out, beginning);
            for (int i = 0; i < MEGABYTES; i++) {
                StringBuilder megabyte = new StringBuilder();
                while (megabyte.length() < 1 << 20) {
                    megabyte.append(String.format(middle, i * 100_000 + megabyte.length() / 16));
                    if (!middle.contains("%")) {
                        megabyte.append(middle.repeat((1 << 20) - megabyte.length()));
                    }
                }
                write(out, megabyte.toString());
            }
            write(out, end);
        }
    }

    /** Where it is in the log. */
    enum Place {
        IN_THE_MIDDLE,
        AT_THE_END,
        WITHOUT_A_LINE_FEED
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String record(int number) {
        return "{\"timestamp\": \"2025-10-29T10:30:00.000000Z\", \"level\": \"info\", \"message\": \"m" + number
                + "\", \"metadata\": null, \"sequenceNumber\": " + number + "}\n";
    }

    private SessionOnDisk session() {
        return SessionOnDisk.of(root, "project", "run");
    }

    private long makeLog(Kind kind, Place place) throws IOException {
        Files.createDirectories(session().log().getParent());
        try (OutputStream out =
                new BufferedOutputStream(Files.newOutputStream(session().log()))) {
            write(out, record(0));
            kind.writeTo(out);
            if (place != Place.WITHOUT_A_LINE_FEED) {
                write(out, "\n");
            }
            if (place == Place.IN_THE_MIDDLE) {
                write(out, record(2));
            }
        }
        return Files.size(session().log());
    }

    private static Logging logging(Path root, String url) {
        return Logging.to(root, appender -> {
            if (!url.isEmpty()) {
                appender.setRemote(url);
                appender.setApiKey(FakeDreamlake.TOKEN);
            }
            appender.setWorkspace("project");
            appender.setSession("run");
            appender.getUpload().setInterval(ch.qos.logback.core.util.Duration.buildByMilliseconds(10));
        });
    }

    /** Arguments: path, URL or nothing. Logs two records, and prints what became of them. */
    static final class Child {
        public static void main(String[] arguments) {
            Logging logging = logging(Path.of(arguments[0]), arguments[1]);
            logging.log.info("first");
            logging.log.info("second");
            boolean arrived = logging.appender.awaitDelivery(Duration.ofMinutes(10));
            DreamlakeStatistics counts = logging.appender.getStatistics();
            logging.close();
            System.out.println(arrived + " " + counts.written() + " written " + counts.delivered() + " delivered "
                    + counts.pending() + " pending " + counts.rejected() + " rejected " + counts.droppedInAll()
                    + " dropped");
        }
    }

    private static void assertCounts(Path root, String url, String counts) {
        try (ChildJvm child = ChildJvm.withHeap("64m", Child.class, root, url)) {
            assertThat(child.readLine()).isEqualTo(counts);
            assertThat(child.waitFor()).isZero();
        }
    }

    /** The bytes after a position in the log. */
    private String after(long position) throws IOException {
        try (RandomAccessFile log = new RandomAccessFile(session().log().toFile(), "r")) {
            log.seek(position);
            byte[] rest = new byte[(int) Math.min(10_000, log.length() - position)];
            log.readFully(rest);
            return new String(rest, StandardCharsets.UTF_8);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "LONG_TEXT, AT_THE_END",
        "LONG_TEXT, WITHOUT_A_LINE_FEED",
        "MANY_NAMES, AT_THE_END",
        "NO_JSON, IN_THE_MIDDLE",
        "A_NAME_WITHOUT_END, AT_THE_END",
        "A_NUMBER_WITHOUT_END, AT_THE_END",
        "BRACKETS, AT_THE_END",
        "ZEROS, WITHOUT_A_LINE_FEED"
    })
    void aHugeLineStaysIfItIsARecordOrNotTheLastOneAndCostsNoneOfOurs(Kind kind, Place place) throws IOException {
        long length = makeLog(kind, place);
        boolean stays = place == Place.IN_THE_MIDDLE || kind.isRecord && place == Place.AT_THE_END;
        long kept = stays ? length : record(0).length();
        assertCounts(root, "", "true 2 written 0 delivered 0 pending 0 rejected 0 dropped");
        int next = place == Place.IN_THE_MIDDLE ? 3 : stays ? 2 : 1;
        assertThat(after(kept))
                .matches("\\{.*\"first\".*\"sequenceNumber\": " + next + "}\n\\{.*\"second\".*\"sequenceNumber\": "
                        + (next + 1) + "}\n");
        assertThat(Files.exists(session().torn()) ? Files.size(session().torn()) : 0)
                .isBetween(length - kept, length - kept + 1);
    }

    @ParameterizedTest
    @CsvSource({
        "LONG_TEXT, AT_THE_END",
        "LONG_TEXT, IN_THE_MIDDLE",
        "LONG_TEXT, WITHOUT_A_LINE_FEED",
        "A_NAME_WITHOUT_END, IN_THE_MIDDLE",
        "NO_JSON, AT_THE_END",
        "ZEROS, WITHOUT_A_LINE_FEED"
    })
    void aHugeLineIsKeptAsideOnceAndTheRecordsAroundItAreDelivered(Kind kind, Place place) throws IOException {
        long length = makeLog(kind, place);
        Path rejected = session().log().resolveSibling("rejected.jsonl");
        try (FakeDreamlake server = FakeDreamlake.start()) {
            server.honoursKeys = false;
            assertCounts(root, server.url(), "true 2 written 2 delivered 0 pending 0 rejected 0 dropped");
            String around = place == Place.IN_THE_MIDDLE ? "m0 m2" : "m0";
            assertThat(String.join(" ", server.messages("project/run"))).isEqualTo(around + " first second");
        }
        boolean isAside = place == Place.IN_THE_MIDDLE || kind.isRecord && place == Place.AT_THE_END;
        assertThat(Files.exists(rejected)).isEqualTo(isAside);
        if (isAside) {
            assertThat(Files.size(rejected)).isBetween((long) MEGABYTES << 20, length + 200);
            try (var lines = Files.newBufferedReader(rejected)) {
                char[] beginning = new char[60];
                assertThat(lines.read(beginning)).isEqualTo(60);
                assertThat(new String(beginning))
                        .contains(
                                kind.isRecord
                                        ? "too long to be sent\",\"record\":{\"mess"
                                        : "not a record\",\"record\":\"");
            }
        }
    }

    /** The largest record that {@code maxRecordSize} allows. */
    @Test
    void aRecordOfSixtyFourMegabytesIsDelivered() {
        try (FakeDreamlake server = FakeDreamlake.start();
                Logging logging = Logging.to(root, appender -> {
                    appender.setRemote(server.url());
                    appender.setApiKey(FakeDreamlake.TOKEN);
                    appender.setMaxRecordSize(new FileSize(64 * FileSize.MB_COEFFICIENT));
                })) {
            logging.log.info("x".repeat(80 * 1024 * 1024));
            logging.log.info("next");
            assertThat(logging.appender.awaitDelivery(Duration.ofMinutes(10))).isTrue();
            assertThat(logging.appender.getStatistics().delivered()).isEqualTo(2);
            assertThat(server.requests).anyMatch(request -> request.getBodySize() > 30L << 20);
        }
    }
}
