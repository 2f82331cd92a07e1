package ai.dreamlake.logback.support;

import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.DreamlakeAppender;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.core.joran.spi.JoranException;
import ch.qos.logback.core.status.Status;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.LoggerFactory;

/** A Logback of its own with one Dreamlake appender, for one test. The MDC is the real one. */
public final class Logging implements AutoCloseable {

    public final LoggerContext context;
    public final Logger log;
    public final DreamlakeAppender appender;

    private Logging(LoggerContext context, DreamlakeAppender appender) {
        this.context = context;
        this.log = context.getLogger("test");
        this.appender = appender;
        log.setLevel(Level.TRACE);
    }

    public static LoggerContext newContext() {
        LoggerContext context = new LoggerContext();
        context.setMDCAdapter(((LoggerContext) LoggerFactory.getILoggerFactory()).getMDCAdapter());
        return context;
    }

    public static Logging to(Path root) {
        return to(root, appender -> {});
    }

    /** Configured by setters. */
    public static Logging to(Path root, Consumer<DreamlakeAppender> settings) {
        return with(appender -> {
            appender.setLocalPath(root.toString());
            settings.accept(appender);
        });
    }

    /** Configured by setters, with no local path unless they set one. */
    public static Logging with(Consumer<DreamlakeAppender> settings) {
        DreamlakeAppender appender = new DreamlakeAppender();
        Logging logging = new Logging(newContext(), appender);
        appender.setContext(logging.context);
        appender.setName("DREAMLAKE");
        settings.accept(appender);
        appender.start();
        logging.log.addAppender(appender);
        return logging;
    }

    /** Configured by the inside of an appender element, as a user would. */
    public static Logging byXml(String properties) {
        LoggerContext context = newContext();
        configure(
                context,
                "<configuration><appender name=\"DREAMLAKE\" class=\"ai.dreamlake.logback.DreamlakeAppender\">"
                        + properties
                        + "</appender><root level=\"TRACE\"><appender-ref ref=\"DREAMLAKE\"/></root></configuration>");
        return new Logging(
                context, (DreamlakeAppender) context.getLogger("ROOT").getAppender("DREAMLAKE"));
    }

    public static void configure(LoggerContext context, String xml) {
        JoranConfigurator configurator = new JoranConfigurator();
        configurator.setContext(context);
        try {
            configurator.doConfigure(new ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8)));
        } catch (JoranException e) {
            throw new AssertionError(e);
        }
    }

    public List<String> statuses() {
        return context.getStatusManager().getCopyOfStatusList().stream()
                .map(Object::toString)
                .toList();
    }

    public List<String> infos() {
        return statuses(Status.INFO);
    }

    public List<String> warnings() {
        return statuses(Status.WARN);
    }

    public List<String> errors() {
        return statuses(Status.ERROR);
    }

    private List<String> statuses(int level) {
        return context.getStatusManager().getCopyOfStatusList().stream()
                .filter(status -> status.getLevel() == level)
                .map(Status::getMessage)
                .toList();
    }

    /** Stops Logback, and waits for the threads that go on to deliver after that: they write files. */
    @Override
    public void close() {
        context.stop();
        String lingering = "dreamlake-upload-" + appender.getName() + "-end";
        await().atMost(30, TimeUnit.SECONDS)
                .until(() -> Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(thread -> thread.getName().equals(lingering)));
    }
}
