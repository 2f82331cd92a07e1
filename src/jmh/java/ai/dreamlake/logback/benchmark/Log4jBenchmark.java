package ai.dreamlake.logback.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.Logger;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.core.config.builder.api.ConfigurationBuilder;
import org.apache.logging.log4j.core.config.builder.api.ConfigurationBuilderFactory;
import org.apache.logging.log4j.core.config.builder.impl.BuiltConfiguration;
import org.apache.logging.log4j.message.StringMapMessage;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Log4j 2 through its own API, with the same message and key-values as {@link Work#KEY_VALUES}. Its memory-mapped
 * appender also survives a kill. But the file then has no marked end, and the records are neither counted nor numbered.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class Log4jBenchmark {

    private static final String TEMPLATE = """
            {"timestamp": {"$resolver": "timestamp"}, "level": {"$resolver": "level", "field": "name"},
             "message": {"$resolver": "map", "key": "message"}, "epoch": {"$resolver": "map", "key": "epoch"},
             "train_loss": {"$resolver": "map", "key": "train_loss"}}""";

    /** By their names in a configuration. */
    @Param({"MemoryMappedFile", "RandomAccessFile"})
    public String appender;

    private Path directory;
    private LoggerContext context;
    private Logger log;

    @Setup
    public void start() throws IOException {
        directory = Files.createTempDirectory("benchmark");
        ConfigurationBuilder<BuiltConfiguration> builder = ConfigurationBuilderFactory.newConfigurationBuilder();
        builder.add(builder.newAppender("FILE", appender)
                .addAttribute("fileName", directory.resolve("log.jsonl").toString())
                .addAttribute("immediateFlush", appender.equals("RandomAccessFile"))
                .add(builder.newLayout("JsonTemplateLayout").addAttribute("eventTemplate", TEMPLATE)));
        builder.add(builder.newRootLogger(Level.INFO).add(builder.newAppenderRef("FILE")));
        context = Configurator.initialize(builder.build());
        log = context.getLogger("com.example.Training");
    }

    @TearDown
    public void stop() throws IOException {
        context.stop();
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    @State(Scope.Thread)
    public static class Caller {
        int i;
    }

    @Benchmark
    public void append(Caller caller) {
        log.info(new StringMapMessage()
                .with("message", "Epoch completed")
                .with("epoch", caller.i++)
                .with("train_loss", 0.234));
    }
}
