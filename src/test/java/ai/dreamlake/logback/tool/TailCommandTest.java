package ai.dreamlake.logback.tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.internal.journal.SessionDirectory;
import ai.dreamlake.logback.support.ChildJvm;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

@Timeout(120)
class TailCommandTest {

    @TempDir
    Path root;

    private SessionOnDisk run() {
        return SessionOnDisk.of(root, "default", "run");
    }

    private static String line(int number, String level, String message, String metadata) {
        return "{\"timestamp\": \"2025-10-29T10:30:" + String.format("%02d", number % 60) + ".000000Z\", \"level\": \""
                + level + "\", \"message\": \"" + message + "\", \"metadata\": " + metadata + ", \"sequenceNumber\": "
                + number + "}\n";
    }

    private static String lines(int from, int to) {
        StringBuilder lines = new StringBuilder();
        IntStream.range(from, to)
                .forEach(i -> lines.append(line(i, i % 10 == 0 ? "error" : "info", "record " + i, "null")));
        return lines.toString();
    }

    private Tool tail(Object... more) {
        return Tool.run(Stream.concat(Stream.of("tail", "default/run", "--root", root), Stream.of(more))
                .toArray());
    }

    /** A {@code tail -f} on its own thread, until it is closed. */
    private final class Following implements AutoCloseable {
        final StringWriter out = new StringWriter();
        private final CommandLine command = Dreamlake.commandLine().setOut(new PrintWriter(out));
        private final Thread thread;

        Following(String... more) {
            String[] arguments = Stream.concat(
                            Stream.of("tail", "-f", "default/run", "--root", root.toString()), Stream.of(more))
                    .toArray(String[]::new);
            thread = new Thread(() -> command.execute(arguments), "following");
            thread.start();
        }

        void awaitMessages(String... messages) {
            await().untilAsserted(() -> assertThat(messages()).containsExactly(messages));
        }

        List<String> messages() {
            return messagesOf(out.toString());
        }

        @Override
        public void close() throws InterruptedException {
            thread.interrupt();
            thread.join();
        }
    }

    /** The lines from the third column on. */
    private static List<String> messagesOf(String out) {
        return out.lines().map(line -> line.replaceFirst("^20\\S+ \\S+ +", "")).toList();
    }

    @Test
    void theLastTenRecordsArePrintedAndMetadataIsReadable() {
        run().write(
                        run().log(),
                        lines(0, 20)
                                + line(
                                        20,
                                        "warn",
                                        "Epoch 1 complete",
                                        "{\"epoch\": 1, \"loss\": 0.5, \"note\": \"two words\", \"best\": {\"acc\": 0.9}, \"name\": \"resnet\"}"));
        Tool tail = tail();
        assertThat(tail.exitCode()).isZero();
        assertThat(tail.lines()).hasSize(10);
        assertThat(tail.lines().get(0)).isEqualTo("2025-10-29T10:30:11.000000Z INFO  record 11");
        assertThat(tail.lines().get(9))
                .isEqualTo("2025-10-29T10:30:20.000000Z WARN  Epoch 1 complete"
                        + "  epoch=1 loss=0.5 note=\"two words\" best={\"acc\":0.9} name=resnet");
        assertThat(tail("-n", 3).lines()).hasSize(3);
        assertThat(tail("-n", 0).lines()).isEmpty();
        assertThat(tail("-n", 100).lines()).hasSize(21);
    }

    @Test
    void textsOfSeveralLinesArePrintedBelow() {
        run().write(
                        run().log(),
                        line(
                                0,
                                "error",
                                "it failed\\nbadly",
                                "{\"exception\": {\"class\": \"E\", \"stack\": \"E: x\\n\\tat a\\n\\tat b\"}}"));
        assertThat(tail().lines())
                .containsExactly(
                        "2025-10-29T10:30:00.000000Z ERROR it failed  exception={\"class\":\"E\",\"stack\":\"E: x\\n\\tat a\\n\\tat b\"}",
                        "    badly",
                        "    exception.stack:",
                        "        E: x",
                        "            at a",
                        "            at b");
    }

    @Test
    void levelsHaveColoursAndTextsCannotHaveAny() {
        run().write(run().log(), line(0, "error", "\\u001b[32mgreen", "{\"\\u001b[2J\": \"\\u001b[2J\\n\\u001b[2J\"}"));
        assertThat(tail().out()).doesNotContain("\u001b");
        String colored = tail("--color", "always").out();
        assertThat(colored).contains("\u001b[31mERROR\u001b[0m").doesNotContain("\u001b[32mgreen", "\u001b[2J");
    }

    @Test
    void filtersCountOnlyWhatTheyAccept() {
        run().write(run().log(), lines(0, 5000));
        assertThat(messagesOf(tail("--level", "error", "-n", 3).out()))
                .containsExactly("record 4970", "record 4980", "record 4990");
        assertThat(messagesOf(tail("--grep", "d 1?7$").out())).containsExactly("record 7", "record 17");
        assertThat(messagesOf(tail("--grep", "d 1?7$", "-n", 1).out())).containsExactly("record 17");
    }

    @Test
    void withSinceEverythingFromThatMomentIsPrinted() {
        run().write(run().log(), lines(0, 60));
        assertThat(messagesOf(tail("--since", "2025-10-29T10:30:40Z").out()))
                .hasSize(20)
                .startsWith("record 40");
        assertThat(messagesOf(tail("--since", "2025-10-29T10:30:40Z", "-n", 2).out()))
                .containsExactly("record 58", "record 59");
        assertThat(tail("--since", "1h").out()).isEmpty();
        assertThat(tail("--since", "2025-10-29").lines()).hasSize(60);
    }

    @Test
    void momentsAndDurationsAreUnderstood() throws ToolFailure {
        Instant now = Instant.parse("2026-01-31T12:00:00Z");
        assertThat(RecordFilter.time("15m", now)).isEqualTo("2026-01-31T11:45:00Z");
        assertThat(RecordFilter.time("2 hours", now)).isEqualTo("2026-01-31T10:00:00Z");
        assertThat(RecordFilter.time("2026-01-30 08:00", now)).isEqualTo("2026-01-30T08:00:00Z");
        assertThatThrownBy(() -> RecordFilter.time("2026-13-01", now)).isInstanceOf(ToolFailure.class);
        assertThat(RecordFilter.time("2026-01-30T08:00:00+02:00", now)).isEqualTo("2026-01-30T06:00:00Z");
        for (String wrong : new String[] {"soon", "2026", "2h30m"}) {
            assertThatThrownBy(() -> RecordFilter.time(wrong, now))
                    .hasMessage("\"" + wrong
                            + "\" is not a time, such as 15m, 2h or 3d ago, 2026-01-31 or 2026-01-31T10:30:00Z.");
        }
    }

    @Test
    void wrongOptionsGetOneSentence() {
        run().write(run().log(), lines(0, 1));
        assertThat(tail("--grep", "(").err())
                .isEqualTo("dreamlake: --grep \"(\" is not a regular expression: Unclosed group.\n");
        assertThat(tail("--since", "never").exitCode()).isEqualTo(2);
        assertThat(tail("--level", "loud").exitCode()).isEqualTo(2);
        assertThat(tail("-n", -1).exitCode()).isEqualTo(2);
        assertThat(Tool.run("tail", "default/none", "--root", root).err().lines())
                .hasSize(1);
    }

    @Test
    void rawLinesAreAsInTheLog() {
        String all = lines(0, 3) + "no record\n";
        run().write(run().log(), all);
        assertThat(tail("--raw").out()).isEqualTo(all);
        assertThat(tail().lines()).last().isEqualTo("(not a record) no record");
    }

    @Test
    void recordsOfSeveralSegmentsFollowEachOther() {
        Path logs = run().log().getParent();
        run().write(logs.resolve("logs.0000000000000000004.jsonl"), lines(0, 4));
        run().write(logs.resolve("logs.0000000000000000006.jsonl"), lines(4, 6));
        run().write(run().log(), lines(6, 7));
        assertThat(messagesOf(tail("-n", 5).out()))
                .containsExactly("record 2", "record 3", "record 4", "record 5", "record 6");
        assertThat(messagesOf(tail("--level", "error").out())).containsExactly("record 0");
    }

    /** The log is a sparse file: reading all of it would take long, and it does not fit into memory. */
    @Test
    void onlyTheEndOfAHugeLogIsReadAndOfAnOverlongLineOnlyTheLengthIsPrinted() throws IOException {
        run().write(run().log(), lines(0, 1));
        try (RandomAccessFile file = new RandomAccessFile(run().log().toFile(), "rw")) {
            file.setLength(1L << 40);
            file.seek(file.length());
            file.write(("\n" + lines(7, 20)).getBytes(StandardCharsets.UTF_8));
            file.write("x".repeat(3 << 20).getBytes(StandardCharsets.UTF_8));
            file.write('\n');
        }
        assertThat(messagesOf(tail().out())).hasSize(10).startsWith("record 11").endsWith("(a line of 3.0 MB)");
    }

    @Test
    void newRecordsAreFollowedAndAPartialLineWaitsForItsEnd() throws Exception {
        run().write(run().log(), lines(0, 3));
        try (Following following = new Following("-n", "1")) {
            following.awaitMessages("record 2");
            String next = lines(3, 4);
            run().append(run().log(), next.substring(0, 50));
            run().append(run().log(), next.substring(50) + lines(4, 5));
            following.awaitMessages("record 2", "record 3", "record 4");
        }
    }

    @Test
    void aPartOfALineWaitsForItsEndEvenIfNothingElseOfTheLogIsPrinted() throws Exception {
        int records = LoggingChild.killedWithATail(root);
        String next = lines(run().lines().size(), run().lines().size() + 1);
        run().append(run().log(), next.substring(0, 50));
        try (Following following = new Following("-n", "1")) {
            following.awaitMessages("record " + (records - 1)); // which is staged
            run().append(run().log(), next.substring(50));
            await().until(() -> following.messages().size() == 2);
            assertThat(following.messages().get(1)).matches("record \\d+");
        }
    }

    @Test
    void aLogThatIsTruncatedOrReplacedOrBeginsLaterIsFollowed() throws Exception {
        Files.createDirectories(run().log().getParent());
        try (Following following = new Following()) {
            run().write(run().log(), lines(0, 2));
            following.awaitMessages("record 0", "record 1");
            run().write(run().log(), "");
            following.awaitMessages("record 0", "record 1", "-- the log was truncated --");
            run().append(run().log(), lines(5, 6));
            following.awaitMessages("record 0", "record 1", "-- the log was truncated --", "record 5");
            Path other = run().log().resolveSibling("other");
            Files.writeString(other, lines(7, 8));
            Files.move(other, run().log(), StandardCopyOption.REPLACE_EXISTING);
            following.awaitMessages(
                    "record 0",
                    "record 1",
                    "-- the log was truncated --",
                    "record 5",
                    "-- the log was replaced --",
                    "record 7");
        }
    }

    @Test
    void aLogThatBecomesASegmentIsFollowedWithoutALossAndWithoutANote() throws Exception {
        run().write(run().log(), lines(0, 1));
        Path logs = run().log().getParent();
        try (Following following = new Following()) {
            following.awaitMessages("record 0");
            run().append(run().log(), lines(1, 2));
            Files.move(run().log(), logs.resolve("logs.0000000000000000002.jsonl"));
            run().write(logs.resolve("logs.0000000000000000003.jsonl"), lines(2, 3));
            Path other = logs.resolve("other");
            Files.writeString(other, lines(3, 4));
            Files.move(other, run().log());
            following.awaitMessages("record 0", "record 1", "record 2", "record 3");
        }
    }

    /** The log may be replaced between reading and following it. */
    @Test
    void followingGoesOnInTheLogThatWasReadEvenIfThatHasBecomeASegment() throws Exception {
        run().write(run().log(), lines(0, 1));
        SessionDirectory directory = new SessionDirectory(run().directory());
        List<String> read = new ArrayList<>();
        FollowedLog.Reader reader = new FollowedLog.Reader() {
            @Override
            public void line(LineReader.Line line) {
                read.add(new String(line.bytes(), StandardCharsets.UTF_8).replaceAll(".*\"(record \\d+)\".*", "$1"));
            }

            @Override
            public void note(String sentence) {
                read.add(sentence);
            }
        };
        try (FollowedLog log = new FollowedLog(directory, 1 << 20)) {
            long end = log.open();
            assertThat(log.isStill(end)).isTrue();
            run().append(run().log(), lines(1, 2));
            assertThat(log.isStill(end)).isFalse();
            Files.move(run().log(), run().log().resolveSibling("logs.0000000000000000002.jsonl"));
            run().write(run().log(), lines(2, 3));
            assertThat(log.isStill(end)).isFalse();
            log.start(end);
            log.poll(reader);
        }
        assertThat(read).containsExactly("record 1", "record 2");
    }

    @Test
    void stagedRecordsOfADeadProcessArePrintedAndNotAgainWhenTheyComeIntoTheLog() throws Exception {
        int records = LoggingChild.killedWithATail(root);
        assertThat(run().lines()).hasSizeLessThan(records);
        assertThat(messagesOf(tail("-n", 100_000).out()))
                .hasSize(records)
                .endsWith("record " + (records - 2), "record " + (records - 1));
        try (Following following = new Following("-n", "100000")) {
            await().until(() -> following.messages().size() == records);
            try (Logging logging = Logging.to(root, appender -> appender.setSession("run"))) {
                logging.log.info("after");
            }
            await().until(() -> following.messages().contains("after"));
            assertThat(following.messages()).hasSize(records + 2).doesNotHaveDuplicates(); // and the report
        }
    }

    @Test
    void stagedRecordsCountAsTheLastOnes() throws Exception {
        int records = LoggingChild.killedWithATail(root);
        String last = "record " + (records - 1);
        assertThat(messagesOf(tail("-n", 1).out())).containsExactly(last);
        assertThat(messagesOf(tail("-n", 2, "--grep", "[05]$").out())).hasSize(2);
        assertThat(tail("-n", 0).out()).isEmpty();
        assertThat(tail("-n", 0, "--level", "info").out()).isEmpty();
        int staged = records - run().lines().size();
        assertThat(messagesOf(tail("-n", staged + 2).out())).hasSize(staged + 2).endsWith(last);
        try (Following following = new Following("-n", "1")) {
            await().until(() -> following.messages().contains(last));
            try (Logging logging = Logging.to(root, appender -> appender.setSession("run"))) {
                logging.log.info("after");
            }
            await().until(() -> following.messages().contains("after"));
            assertThat(following.messages()).as("these, and the report").hasSize(3);
        }
    }

    @Test
    void aLiveProcessIsFollowedThroughABurst() throws Exception {
        try (ChildJvm child = LoggingChild.start(root, "before");
                Following following = new Following()) {
            await().until(() -> following.messages().contains("before"));
            try (Logging logging = Logging.to(root, appender -> appender.setSession("run"))) {
                for (int i = 0; i < 2000; i++) {
                    logging.log.info("burst {}", i);
                }
            }
            await().until(() -> following.messages().contains("burst 1999"));
            assertThat(following.messages()).hasSize(2001).doesNotHaveDuplicates();
            child.kill();
        }
    }

    @Test
    void anythingOtherThanARegularFileIsNotOpened() throws Exception {
        Files.createDirectories(run().log().getParent());
        assertThat(new ProcessBuilder("mkfifo", run().log().toString()).start().waitFor())
                .isZero();
        Tool tail = tail();
        assertThat(tail.exitCode()).isEqualTo(3);
        assertThat(tail.err().lines()).hasSize(1).first().asString().contains("a pipe or a device");
    }
}
