package ai.dreamlake.logback.benchmark;

import ai.dreamlake.logback.DreamlakeAppender;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.core.joran.spi.JoranException;
import java.io.BufferedWriter;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.slf4j.LoggerFactory;

/** Nanoseconds per record until a server on loopback has it. Server and client share the machine. */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 5)
@Measurement(iterations = 10)
public class UploadBenchmark {

    private static final int BACKLOG = 1_000_000;
    private static final int LOGGED = 300_000;

    @State(Scope.Benchmark)
    public static class Run {
        CountingServer server;
        Path directory;
        LoggerContext context;

        @Setup(org.openjdk.jmh.annotations.Level.Invocation)
        public void start() throws IOException {
            server = new CountingServer();
            directory = Files.createTempDirectory("benchmark");
            context = new LoggerContext();
            context.setMDCAdapter(((LoggerContext) LoggerFactory.getILoggerFactory()).getMDCAdapter());
        }

        @TearDown(org.openjdk.jmh.annotations.Level.Invocation)
        public void stop() throws IOException, InterruptedException {
            context.stop();
            while (isDelivering()) {
                Thread.sleep(1); // the server has the last records; the appender is still noting that in the directory
            }
            server.close();
            try (Stream<Path> files = Files.walk(directory)) {
                for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }

        private static boolean isDelivering() {
            return Thread.getAllStackTraces().keySet().stream()
                    .anyMatch(thread -> thread.getName().startsWith("dreamlake-upload"));
        }

        DreamlakeAppender dreamlake() {
            DreamlakeAppender appender = new DreamlakeAppender();
            appender.setContext(context);
            appender.setLocalPath(directory.toString());
            appender.setRemote(server.url());
            appender.setUserName("alice");
            appender.getUpload().setShutdownTimeout(ch.qos.logback.core.util.Duration.buildByMilliseconds(0));
            appender.start();
            logger().addAppender(appender);
            return appender;
        }

        Logger logger() {
            Logger logger = context.getLogger("com.example.Training");
            logger.setLevel(Level.INFO);
            return logger;
        }
    }

    /** The directory that a run without a server left behind. */
    @State(Scope.Benchmark)
    public static class Backlog {
        @Setup(org.openjdk.jmh.annotations.Level.Invocation)
        public void write(Run run) throws IOException {
            Path logs = Files.createDirectories(run.directory.resolve("project/run/logs"));
            try (BufferedWriter log = Files.newBufferedWriter(logs.resolve("logs.jsonl"))) {
                for (int i = 0; i < BACKLOG; i++) {
                    log.write(
                            "{\"timestamp\": \"2025-10-29T10:30:05.000000Z\", \"level\": \"info\", \"message\": \"Epoch completed\","
                                    + " \"metadata\": {\"epoch\": " + i
                                    + ", \"train_loss\": 0.234}, \"sequenceNumber\": " + i + "}\n");
                }
            }
            Files.createFile(logs.resolve(".upload"));
        }
    }

    /** With a heap that is too small for the backlog. */
    @Benchmark
    @Fork(value = 1, jvmArgsAppend = "-Xmx48m")
    @OperationsPerInvocation(BACKLOG)
    public void aBacklogOfAMillionIsDrained(Run run, Backlog backlog) throws InterruptedException {
        run.dreamlake();
        run.server.await(BACKLOG);
    }

    @Benchmark
    @OperationsPerInvocation(LOGGED)
    public void dreamlakeLogsAndDelivers(Run run) throws InterruptedException {
        DreamlakeAppender appender = run.dreamlake();
        log(run.logger());
        if (!appender.awaitDelivery(Duration.ofMinutes(5))) {
            throw new IllegalStateException("not delivered: " + appender.getStatistics());
        }
        run.server.await(LOGGED);
    }

    /**
     * With a queue for everything that is logged, because it would drop records otherwise; the rest are its defaults.
     */
    @Benchmark
    @OperationsPerInvocation(LOGGED)
    public void lokiLogsAndDelivers(Run run) throws InterruptedException, JoranException {
        String xml = "<configuration><appender name=\"LOKI\" class=\"com.github.loki4j.logback.Loki4jAppender\">"
                + "<labels>app=benchmark</labels><structuredMetadata>level=%level\n*=%%kvp</structuredMetadata>"
                + "<http><url>" + run.server.url() + "loki/api/v1/push</url></http>"
                + "<batch><sendQueueMaxBytes>" + (1L << 30) + "</sendQueueMaxBytes></batch>"
                + "</appender><root level=\"INFO\"><appender-ref ref=\"LOKI\"/></root></configuration>";
        JoranConfigurator configurator = new JoranConfigurator();
        configurator.setContext(run.context);
        configurator.doConfigure(new ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8)));
        log(run.logger());
        run.server.await(LOGGED);
    }

    private static void log(Logger logger) {
        for (int i = 0; i < LOGGED; i++) {
            Work.KEY_VALUES.log(logger, i);
        }
    }
}
