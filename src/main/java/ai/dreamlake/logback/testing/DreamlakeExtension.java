package ai.dreamlake.logback.testing;

import ai.dreamlake.logback.DreamlakeAppender;
import ch.qos.logback.classic.LoggerContext;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.slf4j.ILoggerFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.helpers.SubstituteLoggerFactory;

/**
 * Gives a JUnit test the records that the code under test logged, read from the disk.
 *
 * <pre>{@code
 * @RegisterExtension
 * final DreamlakeExtension dreamlake = new DreamlakeExtension();
 *
 * @Test
 * void everyEpochIsLogged() {
 *     training.run(3);
 *     assertThat(dreamlake.records("project", "run-1"))
 *             .extracting(record -> record.metadata().get("epoch"))
 *             .containsExactly(1, 2, 3);
 * }
 * }</pre>
 *
 * <p>{@code @ExtendWith(DreamlakeExtension.class)} does the same; test methods may then have a parameter of this type.
 *
 * <p>Before each test and its {@code @BeforeEach} methods, the extension attaches an appender to the root logger, with
 * a temporary directory. After the test and its {@code @AfterEach} methods it detaches the appender, and deletes the
 * directory. It leaves other appenders alone. Levels apply as configured; if the test sets the logger's level, the
 * previous one is restored. The test fails if records were dropped, if a session's log is not gapless (its numbers must
 * be 0, 1, 2, … in the order of the file), or if Logback was reset in the meantime.
 *
 * <p>There is only one root logger. Tests that run at the same time would get each other's records, so they fail: run
 * them one after the other (JUnit's default), or give each extension its own logger. The records also include what
 * other threads of the application log during the test, such as background tasks.
 *
 * <p>The code under test needs SLF4J with Logback, and no configuration.
 *
 * @since 0.2.0
 */
public final class DreamlakeExtension implements BeforeEachCallback, AfterEachCallback, ParameterResolver {

    private static final long MAX_BINDING_NANOS = TimeUnit.SECONDS.toNanos(30);

    /** The loggers that have our appender, each with the unique id of its test. */
    private static final Map<String, String> ATTACHED = new ConcurrentHashMap<>();

    private final String logger;
    private final Consumer<DreamlakeAppender> settings;

    /** The log of the running test; null between tests. */
    private volatile @Nullable TemporaryLog log;

    /** Records everything that is logged, with the appender's default settings. */
    public DreamlakeExtension() {
        this(appender -> {});
    }

    /**
     * Records everything that is logged.
     *
     * @param settings called before each test to set what the application's configuration sets, such as the appender's
     *     session key. A local path is ignored. A remote makes the test fail
     */
    public DreamlakeExtension(Consumer<DreamlakeAppender> settings) {
        this(Logger.ROOT_LOGGER_NAME, settings);
    }

    /**
     * Records what one logger and those below it log.
     *
     * @param logger the logger's name, such as the name of a package
     * @param settings called before each test to set what the application's configuration sets, such as the appender's
     *     session key. A local path is ignored. A remote makes the test fail
     */
    public DreamlakeExtension(String logger, Consumer<DreamlakeAppender> settings) {
        this.logger = logger;
        this.settings = settings;
    }

    /**
     * Attaches an appender. Called by JUnit.
     *
     * @throws IllegalStateException if SLF4J is not bound to Logback, if the settings are wrong, or if another test
     *     with this extension is running
     */
    @Override
    public void beforeEach(ExtensionContext test) throws Exception {
        ILoggerFactory loggers = loggers();
        if (!loggers.getClass().getName().equals("ch.qos.logback.classic.LoggerContext")) {
            throw new IllegalStateException(
                    "SLF4J is bound to " + loggers.getClass().getName()
                            + ", and not to Logback: put logback-classic on the class path, and no other provider.");
        }
        begin(test);
        log = TemporaryLog.attach((LoggerContext) loggers, logger, settings);
    }

    /** Waits until SLF4J is bound: another thread may just have asked for the first logger, which takes a moment. */
    private static ILoggerFactory loggers() {
        long deadline = System.nanoTime() + MAX_BINDING_NANOS;
        ILoggerFactory loggers = LoggerFactory.getILoggerFactory();
        while (loggers instanceof SubstituteLoggerFactory && System.nanoTime() - deadline < 0) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
            loggers = LoggerFactory.getILoggerFactory();
        }
        return loggers;
    }

    private void begin(ExtensionContext test) {
        synchronized (ATTACHED) {
            ATTACHED.forEach((other, running) -> {
                if (!running.equals(test.getUniqueId()) && overlap(other, logger)) {
                    throw new IllegalStateException("Another test with a DreamlakeExtension is running: " + running
                            + ". Their records would mix. Run them one after the other, or give each extension a logger"
                            + " of its own.");
                }
            });
            ATTACHED.put(logger, test.getUniqueId());
        }
    }

    /** Whether one of two loggers also gets what the other one logs. */
    private static boolean overlap(String one, String other) {
        return isBelow(one, other) || isBelow(other, one);
    }

    private static boolean isBelow(String logger, String ancestor) {
        return ancestor.equals(Logger.ROOT_LOGGER_NAME) || (logger + ".").startsWith(ancestor + ".");
    }

    /**
     * Detaches the appender, checks the logs, and deletes them. Called by JUnit.
     *
     * @throws AssertionError if records were dropped, a session is not gapless, or Logback was reset
     */
    @Override
    public void afterEach(ExtensionContext test) throws Exception {
        TemporaryLog ended = log;
        log = null;
        try {
            List<String> faults = ended == null ? List.of() : ended.detach();
            if (!faults.isEmpty()) {
                throw new AssertionError(String.join(System.lineSeparator(), faults));
            }
        } finally {
            ATTACHED.remove(logger, test.getUniqueId());
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext test) {
        return parameter.getParameter().getType() == DreamlakeExtension.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext test) {
        return this;
    }

    /**
     * Reads the records of the default session, which gets all records that name none.
     *
     * @return the records that are in its log now, in the order of the file
     * @throws IllegalStateException if no test is running
     */
    public List<DreamlakeRecord> records() {
        return log().records();
    }

    /**
     * Reads the records of a session.
     *
     * @param workspace the session's workspace
     * @param session the session's name
     * @return the records that are in its log now, in the order of the file; empty if there is no such session
     * @throws IllegalStateException if no test is running
     */
    public List<DreamlakeRecord> records(String workspace, String session) {
        return log().records(workspace, session);
    }

    /**
     * Lists the sessions that have records now.
     *
     * @return workspace and name of each, such as {@code project/run-1}, in alphabetical order
     * @throws IllegalStateException if no test is running
     */
    public List<String> sessions() {
        return log().sessions();
    }

    /**
     * Returns the directory of all sessions.
     *
     * @return a temporary directory, deleted when the test ends
     * @throws IllegalStateException if no test is running
     */
    public Path directory() {
        return log().root();
    }

    private TemporaryLog log() {
        TemporaryLog running = log;
        if (running == null) {
            throw new IllegalStateException(
                    "No test is running: ask for records in a test, or in its @BeforeEach or @AfterEach method.");
        }
        return running;
    }
}
