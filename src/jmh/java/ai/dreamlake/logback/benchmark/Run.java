package ai.dreamlake.logback.benchmark;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import java.io.BufferedInputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** One subject with its own logger and directory. */
final class Run {

    final Logger log;
    private final LoggerContext context = new LoggerContext();
    private final Path directory;
    private final File file;
    private final Appender<ILoggingEvent> appender;

    private Run(Subject subject, Path directory) {
        this.directory = directory;
        context.setMDCAdapter(((LoggerContext) LoggerFactory.getILoggerFactory()).getMDCAdapter());
        appender = subject.appender(context, directory);
        file = subject.file(directory);
        Subject.started(context, appender);
        log = context.getLogger("com.example.Training");
        log.setLevel(Level.INFO);
        log.addAppender(appender);
    }

    static Run start(Subject subject, Work work) throws IOException {
        Run run = new Run(subject, Files.createTempDirectory("benchmark"));
        if (run.appender instanceof Subject.BareWrite bare) {
            bare.line(lineOf(work));
        }
        return run;
    }

    /** One record of ours; all of them have this length. */
    private static byte[] lineOf(Work work) throws IOException {
        Run dreamlake = start(Subject.DREAMLAKE, work);
        work.prepareThread();
        work.log(dreamlake.log, 100_000);
        dreamlake.stop();
        MDC.clear();
        byte[] line = Files.readAllBytes(dreamlake.file.toPath());
        dreamlake.delete();
        return line;
    }

    /** Returns when queues are drained and everything is in the file. */
    void stop() {
        appender.stop();
        context.stop();
    }

    long countLines() throws IOException {
        if (!file.exists()) {
            return 0;
        }
        long lines = 0;
        byte[] block = new byte[1 << 16];
        try (InputStream in = new BufferedInputStream(new FileInputStream(file))) {
            for (int count = in.read(block); count >= 0; count = in.read(block)) {
                for (int i = 0; i < count; i++) {
                    if (block[i] == '\n') {
                        lines++;
                    }
                }
            }
        }
        return lines;
    }

    void delete() throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path path : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
