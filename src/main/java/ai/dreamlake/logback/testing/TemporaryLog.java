package ai.dreamlake.logback.testing;

import ai.dreamlake.logback.DreamlakeAppender;
import ai.dreamlake.logback.internal.session.SessionName;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.core.status.Status;
import ch.qos.logback.core.util.Duration;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The log of one test: an appender that writes to a temporary directory. */
final class TemporaryLog {

    private final Logger logger;
    private final Level level;
    private final Path root;
    private final DreamlakeAppender appender = new DreamlakeAppender();

    private TemporaryLog(Logger logger, Path root) {
        this.logger = logger;
        this.level = logger.getLevel();
        this.root = root;
    }

    /**
     * Attaches an appender to a logger.
     *
     * @throws IllegalStateException if the settings are wrong; the message says how
     */
    static TemporaryLog attach(LoggerContext context, String logger, Consumer<DreamlakeAppender> settings)
            throws IOException {
        TemporaryLog log = new TemporaryLog(context.getLogger(logger), Files.createTempDirectory("dreamlake-test"));
        boolean started = false;
        try {
            log.start(context, settings);
            started = true;
            return log;
        } finally {
            if (!started) {
                log.delete();
            }
        }
    }

    private void start(LoggerContext context, Consumer<DreamlakeAppender> settings) {
        appender.setContext(context);
        appender.setName("dreamlake-test");
        appender.setWriteDelay(Duration.buildByMilliseconds(0)); // so that each record can be read at once
        settings.accept(appender);
        if (appender.getRemote() != null) {
            throw new IllegalStateException("A test's records stay on disk: do not set a remote.");
        }
        appender.setLocalPath(root.toString());
        appender.start();
        if (!appender.isStarted()) {
            throw new IllegalStateException(
                    "The test's DreamlakeAppender does not start: " + String.join(" ", statuses(Status.ERROR)));
        }
        logger.addAppender(appender);
    }

    /** The messages of the appender's own statuses, from this level up. */
    private List<String> statuses(int level) {
        return appender.getContext().getStatusManager().getCopyOfStatusList().stream()
                .filter(status -> status.getOrigin() == appender && status.getLevel() >= level)
                .map(Status::getMessage)
                .toList();
    }

    Path root() {
        return root;
    }

    /** The records of the default session. */
    List<DreamlakeRecord> records() {
        return records(String.valueOf(appender.getWorkspace()), String.valueOf(appender.getSession()));
    }

    List<DreamlakeRecord> records(String workspace, String session) {
        SessionName name = SessionName.safe(workspace, session);
        try {
            return new SessionLog(root.resolve(name.workspace()).resolve(name.session())).records();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    List<String> sessions() {
        try {
            return directories().stream().map(this::name).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String name(Path session) {
        return root.relativize(session).toString().replace(File.separatorChar, '/');
    }

    /** The sessions' directories. */
    private List<Path> directories() throws IOException {
        List<Path> directories = new ArrayList<>();
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                if (new SessionLog(directory).exists()) {
                    directories.add(directory);
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException renamedMeanwhile) {
                return FileVisitResult.CONTINUE;
            }
        });
        return directories;
    }

    /**
     * Detaches and stops the appender, restores the logger's level, and deletes the directory.
     *
     * @return what is wrong with what the test logged
     */
    List<String> detach() throws IOException {
        List<String> faults = new ArrayList<>();
        if (!logger.detachAppender(appender) || !appender.isStarted()) {
            faults.add("Logback was reset or stopped while the test ran: what was logged after that is missing.");
        }
        logger.setLevel(level);
        appender.stop();
        if (appender.getStatistics().droppedInAll() > 0) {
            faults.add("Records were dropped: " + dropped() + ". " + String.join(" ", statuses(Status.WARN)));
        }
        for (Path session : directories()) {
            String fault = faultOf(session);
            if (fault != null) {
                faults.add("The log of session " + name(session) + " is not gapless: " + fault);
            }
        }
        delete();
        return faults;
    }

    private String dropped() {
        return appender.getStatistics().dropped().entrySet().stream()
                .filter(dropped -> dropped.getValue() > 0)
                .map(dropped -> dropped.getValue() + " for " + dropped.getKey())
                .collect(Collectors.joining(", "));
    }

    private static @Nullable String faultOf(Path session) throws IOException {
        try {
            return new SessionLog(session).fault();
        } catch (AssertionError notARecord) {
            return notARecord.getMessage();
        }
    }

    private void delete() throws IOException {
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.deleteIfExists(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failed) throws IOException {
                Files.deleteIfExists(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
