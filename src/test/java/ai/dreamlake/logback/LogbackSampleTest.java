package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.core.status.Status;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The sample loads unchanged, and contains every property. */
class LogbackSampleTest {

    private static final String SAMPLE =
            SessionOnDisk.text(Path.of(System.getProperty("basedir", ".")).resolve("logback-sample.xml"));

    @TempDir
    Path root;

    @Test
    void theSampleIsAcceptedWithoutAWarningAndLogs() {
        LoggerContext context = Logging.newContext();
        context.putProperty("DREAMLAKE_LOCAL_PATH", root.toString());
        Logging.configure(context, SAMPLE);
        DreamlakeAppender appender =
                (DreamlakeAppender) context.getLogger("ROOT").getAppender("DREAMLAKE");
        assertThat(appender.isStarted()).isTrue();
        context.getLogger("x")
                .error(
                        "logged by the sample",
                        new IllegalStateException("outer", new IllegalArgumentException("root")));
        context.stop();

        assertThat(context.getStatusManager().getCopyOfStatusList())
                .noneMatch(status -> status.getLevel() > Status.INFO);
        var record = SessionOnDisk.of(root, "default", "default").onlyRecord();
        assertThat(record.get("metadata").get("stack_trace").stringValue())
                .startsWith("java.lang.IllegalArgumentException: root");
    }

    @Test
    void theSamplesValuesAreTheDefaults() throws Exception {
        LoggerContext context = Logging.newContext();
        Logging.configure(context, SAMPLE);
        DreamlakeAppender sample = (DreamlakeAppender) context.getLogger("ROOT").getAppender("DREAMLAKE");
        assertAlike(sample, new DreamlakeAppender());
        assertAlike(sample.getUpload(), new DreamlakeUpload());
        context.stop();
    }

    private static void assertAlike(Object sample, Object defaults) throws Exception {
        for (Method getter : defaults.getClass().getDeclaredMethods()) {
            boolean compared = getter.getName().matches("(get|is)[A-Z].*")
                    && !Set.of("getStatistics", "getThrowableConverter", "getUpload")
                            .contains(getter.getName())
                    && getter.getParameterCount() == 0
                    && java.lang.reflect.Modifier.isPublic(getter.getModifiers());
            if (compared) {
                assertThat(String.valueOf(getter.invoke(sample)))
                        .as(getter.getName())
                        .isEqualTo(String.valueOf(getter.invoke(defaults)));
            }
        }
    }

    @Test
    void everyPropertyIsInTheSample() {
        Set<String> properties = new TreeSet<>();
        for (Method method : Stream.of(DreamlakeAppender.class, DreamlakeUpload.class, DreamlakeLocalRetention.class)
                .flatMap(type -> Stream.of(type.getDeclaredMethods()))
                .toList()) {
            if (method.getName().matches("(set|add)[A-Z].*")
                    && java.lang.reflect.Modifier.isPublic(method.getModifiers())) {
                String name = method.getName().substring(3);
                properties.add(name.substring(0, 1).toLowerCase(Locale.ROOT) + name.substring(1));
            }
        }
        assertThat(properties).hasSizeGreaterThan(20).allMatch(name -> SAMPLE.contains("<" + name));
    }
}
