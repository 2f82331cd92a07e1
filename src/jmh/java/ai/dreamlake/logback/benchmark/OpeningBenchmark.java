package ai.dreamlake.logback.benchmark;

import ai.dreamlake.logback.DreamlakeAppender;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** What the first record of a session costs: in a session whose log already has some size, and in new sessions. */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
public class OpeningBenchmark {

    private static final String LAST_RECORDS =
            "\n{\"timestamp\": \"2025-10-29T10:30:00.000000Z\", \"level\": \"info\", \"message\": \"m\", \"metadata\": null, \"sequenceNumber\": 41}\n";

    /** A Logback context with our appender, on its own directory. */
    @State(Scope.Benchmark)
    public static class Fresh {
        Path root;
        private LoggerContext context;
        Logger log;

        @Setup(Level.Trial)
        public void directory() throws IOException {
            root = Files.createTempDirectory("benchmark");
        }

        @Setup(Level.Invocation)
        public void start() {
            context = new LoggerContext();
            context.setMDCAdapter(((LoggerContext) LoggerFactory.getILoggerFactory()).getMDCAdapter());
            DreamlakeAppender appender = new DreamlakeAppender();
            appender.setContext(context);
            appender.setLocalPath(root.toString());
            appender.start();
            log = context.getLogger("com.example.Training");
            log.addAppender(appender);
        }

        @TearDown(Level.Invocation)
        public void stop() {
            context.stop();
        }

        @TearDown(Level.Trial)
        public void delete() throws IOException {
            try (Stream<Path> files = Files.walk(root)) {
                for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }

    @State(Scope.Benchmark)
    public static class Sized {
        @Param({"1000", "100000000", "5000000000"})
        public long bytes;

        @Setup(Level.Trial)
        public void write(Fresh fresh) throws IOException {
            Path logs = Files.createDirectories(fresh.root.resolve("default/default/logs"));
            byte[] end = LAST_RECORDS.getBytes(StandardCharsets.US_ASCII);
            try (RandomAccessFile log =
                    new RandomAccessFile(logs.resolve("logs.jsonl").toFile(), "rw")) {
                // The file is sparse: nothing before the last line is read, or this would take minutes.
                log.setLength(bytes);
                log.seek(bytes - end.length);
                log.write(end);
            }
        }
    }

    @Benchmark
    @Warmup(iterations = 50)
    @Measurement(iterations = 100)
    public void firstRecordOfALog(Fresh fresh, Sized sized) {
        fresh.log.info("it goes on");
    }

    /** Each invocation has its own ten thousand names. */
    @State(Scope.Benchmark)
    public static class Names {
        private int round;

        @Setup(Level.Invocation)
        public void next() {
            round++;
        }

        String name(int i) {
            return "session-" + round + "-" + i;
        }
    }

    @Benchmark
    @Warmup(iterations = 1)
    @Measurement(iterations = 3)
    public void firstRecordsOfTenThousandSessions(Fresh fresh, Names names) {
        for (int i = 0; i < 10_000; i++) {
            MDC.put("dreamlake.session", names.name(i));
            fresh.log.info("it begins");
        }
        MDC.clear();
    }
}
