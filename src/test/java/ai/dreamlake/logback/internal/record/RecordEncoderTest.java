package ai.dreamlake.logback.internal.record;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.internal.session.SessionKeys;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.pattern.RootCauseFirstThrowableProxyConverter;
import ch.qos.logback.classic.pattern.ThrowableHandlingConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.lang.reflect.Proxy;
import java.time.Instant;
import java.util.AbstractList;
import java.util.ConcurrentModificationException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.slf4j.Marker;
import org.slf4j.event.KeyValuePair;
import org.slf4j.helpers.BasicMarkerFactory;

class RecordEncoderTest {

    private static final Set<String> RESERVED =
            new SessionKeys("dreamlake.workspace", "dreamlake.session", "default", "default").reserved();

    private final RecordSettings settings = new RecordSettings();
    private final TestEvent event = new TestEvent();

    private String encode() {
        RecordBuffer buffer = new RecordBuffer();
        encode(buffer);
        return new String(buffer.bytes(), 0, buffer.length(), UTF_8);
    }

    private RecordLevel encode(RecordBuffer buffer) {
        return new RecordEncoder(settings, 512 * 1024, RESERVED).encode(event, buffer);
    }

    private String metadata() {
        String record = encode();
        String end = ", \"sequenceNumber\": ";
        assertThat(record).endsWith(end);
        return record.substring(record.indexOf("\"metadata\": ") + 12, record.length() - end.length());
    }

    private void keyValue(String key, Object value) {
        event.keyValue(key, value);
    }

    @Test
    void theDocumentsFirstSampleLineComesOutByteForByte() {
        assertThat(encode() + "0}\n")
                .isEqualTo("{\"timestamp\": \"2025-10-29T10:30:00.000000Z\", \"level\": \"info\", "
                        + "\"message\": \"Training started\", \"metadata\": null, \"sequenceNumber\": 0}\n");
    }

    @Test
    void theDocumentsSecondSampleLineComesOutByteForByte() {
        event.instant = Instant.parse("2025-10-29T10:30:05Z");
        event.message = "Epoch 1 complete";
        keyValue("train_loss", 0.5);

        assertThat(encode() + "1}\n")
                .isEqualTo(
                        "{\"timestamp\": \"2025-10-29T10:30:05.000000Z\", \"level\": \"info\", "
                                + "\"message\": \"Epoch 1 complete\", \"metadata\": {\"train_loss\": 0.5}, \"sequenceNumber\": 1}\n");
    }

    @Test
    void theTimestampHasMicrosecondsAndSortsAsText() {
        event.instant = Instant.parse("2025-10-29T10:30:00.000001999Z");
        assertThat(encode()).startsWith("{\"timestamp\": \"2025-10-29T10:30:00.000001Z\"");

        event.instant = Instant.parse("1969-12-31T23:59:59.999999Z");
        assertThat(encode()).startsWith("{\"timestamp\": \"1969-12-31T23:59:59.999999Z\"");
    }

    @Test
    void aReusedBufferHoldsOnlyTheNewRecord() {
        RecordBuffer buffer = new RecordBuffer();
        keyValue("a", 1);
        encode(buffer);
        event.keyValues.clear();
        event.instant = event.instant.plusSeconds(1);
        encode(buffer);

        assertThat(new String(buffer.bytes(), 0, buffer.length(), UTF_8))
                .isEqualTo(encode())
                .contains("10:30:01.000000Z", "\"metadata\": null");
    }

    @Test
    void theArrayHasRoomForTheNumber() {
        for (int length = 0; length < 3000; length++) {
            event.message = "x".repeat(length);
            RecordBuffer buffer = new RecordBuffer();
            encode(buffer);
            assertThat(buffer.bytes().length - buffer.length()).isGreaterThanOrEqualTo(21);
        }
    }

    @Test
    void levelsMapOntoDreamlakesFive() {
        Map<Level, String> expected = Map.of(
                Level.TRACE,
                "debug",
                Level.DEBUG,
                "debug",
                Level.INFO,
                "info",
                Level.WARN,
                "warn",
                Level.ERROR,
                "error");
        expected.forEach((level, text) -> {
            event.level = level;
            assertThat(encode()).contains("\"level\": \"" + text + "\"");
            assertThat(encode(new RecordBuffer()).text()).isEqualTo(text);
        });
    }

    @Test
    @SuppressWarnings("deprecation") // nested markers are deprecated, but users have them
    void aMarkerCalledFatalMakesAnyEventFatalAlsoInsideAnotherMarker() {
        BasicMarkerFactory markers = new BasicMarkerFactory();
        Marker outermost = markers.getMarker("OUTERMOST");
        Marker audit = markers.getMarker("AUDIT");
        outermost.add(audit);
        event.level = Level.TRACE;
        event.markers.add(markers.getMarker("OTHER"));
        event.markers.add(outermost);
        assertThat(encode()).contains("\"level\": \"debug\"");

        audit.add(markers.getMarker("FATAL"));
        assertThat(encode()).contains("\"level\": \"fatal\"");
        assertThat(encode(new RecordBuffer())).isEqualTo(RecordLevel.FATAL);
    }

    @Test
    void aMarkerThatFailsCostsOnlyItsMeaning() {
        Marker broken = (Marker)
                Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {Marker.class}, (p, m, a) -> {
                    throw new IllegalStateException(m.getName());
                });
        event.markers.add(broken);
        assertThat(encode()).contains("\"level\": \"error\", \"message\": \"Training started\"");
    }

    @Test
    void keyValuesKeepTheirTypes() {
        keyValue("epoch", 5);
        keyValue("loss", 0.234);
        keyValue("best", true);
        keyValue("note", null);
        keyValue("name", "resnet");
        assertThat(metadata())
                .isEqualTo("{\"epoch\": 5, \"loss\": 0.234, \"best\": true, \"note\": null, \"name\": \"resnet\"}");
    }

    @Test
    void keyValuesCanBeLeftOut() {
        settings.includeKeyValues = false;
        keyValue("epoch", 5);
        assertThat(metadata()).isEqualTo("null");
    }

    @Test
    void ofTwoKeyValuesWithTheSameKeyTheLaterOneWins() {
        keyValue("a", 1);
        keyValue("b", 2);
        keyValue("a", 3);
        assertThat(metadata()).isEqualTo("{\"b\": 2, \"a\": 3}");
    }

    @Test
    void aNullKeyIsTheTextNull() {
        keyValue(null, 1);
        keyValue("null", 2);
        assertThat(metadata()).isEqualTo("{\"null\": 2}");
    }

    @Test
    void keysThatDifferOnlyInLoneSurrogatesAreTheSameKey() {
        keyValue("\ud800", 1);
        keyValue("\ud801", 2);
        keyValue("\ud83d\ude00", 3);
        assertThat(metadata()).isEqualTo("{\"\uFFFD\": 1, \"\ud83d\ude00\": 3}");
    }

    @Test
    void precedenceIsKeyValuesThenNamedArgumentsThenMdcThenTheAppendersOwn() {
        settings.includeNamedArguments = true;
        settings.includeThreadName = true;
        settings.includeLoggerName = true;
        event.message = "a={} b={} c={}";
        event.arguments = new Object[] {"argument", "argument", "argument"};
        keyValue("a", "key-value");
        Map<String, String> mdc = new LinkedHashMap<>();
        mdc.put("a", "mdc");
        mdc.put("b", "mdc");
        mdc.put("d", "mdc");
        mdc.put("thread", "mdc");
        event.mdc = mdc;

        assertThat(metadata())
                .isEqualTo("{\"a\": \"key-value\", \"b\": \"argument\", \"c\": \"argument\", \"d\": \"mdc\", "
                        + "\"thread\": \"mdc\", \"logger\": \"com.example.Training\"}");
    }

    @Test
    void theMdcIsNarrowedByItsKeysAndNeverShowsTheSession() {
        Map<String, String> mdc = new LinkedHashMap<>();
        mdc.put("user", "alice");
        mdc.put("secret", "x");
        mdc.put("dreamlake.workspace", "p");
        mdc.put("dreamlake.session", "s");
        mdc.put("dreamlake.description", "d");
        event.mdc = mdc;
        assertThat(metadata()).isEqualTo("{\"user\": \"alice\", \"secret\": \"x\"}");

        settings.excludeMdcKeys.add("secret");
        assertThat(metadata()).isEqualTo("{\"user\": \"alice\"}");

        settings.includeMdcKeys.addAll(List.of("secret", "dreamlake.session"));
        assertThat(metadata()).isEqualTo("null");

        settings.excludeMdcKeys.clear();
        assertThat(metadata()).isEqualTo("{\"secret\": \"x\"}");

        settings.includeMdc = false;
        assertThat(metadata()).isEqualTo("null");
    }

    @Test
    void aContextWithoutMdcAdapterLosesNoEvents() {
        LoggingEvent bare = new LoggingEvent(
                "x", new LoggerContext().getLogger("x"), Level.INFO, "by a context made by hand", null, null);
        RecordBuffer buffer = new RecordBuffer();
        new RecordEncoder(settings, 512 * 1024, RESERVED).encode(bare, buffer);
        assertThat(new String(buffer.bytes(), 0, buffer.length(), UTF_8)).contains("by a context made by hand");
    }

    @Test
    void namedArgumentsKeepTheirTypes() {
        settings.includeNamedArguments = true;
        event.message = "Epoch done epoch={} train_loss={} took {}";
        event.arguments = new Object[] {5, 0.234, "2s"};
        assertThat(encode())
                .contains("\"message\": \"Epoch done epoch=5 train_loss=0.234 took 2s\", "
                        + "\"metadata\": {\"epoch\": 5, \"train_loss\": 0.234}");
    }

    @Test
    void theAppendersOwnEntriesComeOnRequest() {
        settings.includeMarkers = true;
        settings.includeCallerData = true;
        event.markers.add(new BasicMarkerFactory().getMarker("AUDIT"));
        event.callers =
                new StackTraceElement[] {new StackTraceElement("com.example.Training", "run", "Training.java", 7)};
        assertThat(metadata())
                .isEqualTo("{\"markers\": [\"AUDIT\"], \"caller\": \"com.example.Training.run(Training.java:7)\"}");
    }

    @Test
    void anExceptionYieldsItsTypeMessageAndTrace() {
        event.throwable = exception(new IllegalStateException("no data"));
        assertThat(metadata())
                .isEqualTo(
                        "{\"error_type\": \"IllegalStateException\", \"error_message\": \"no data\", \"stack_trace\": "
                                + "\"java.lang.IllegalStateException: no data\\n\\tat com.example.Training.run(Training.java:7)\\n\"}");

        settings.includeStackTrace = false;
        assertThat(metadata()).isEqualTo("{\"error_type\": \"IllegalStateException\", \"error_message\": \"no data\"}");
    }

    @Test
    void theErrorTypeIsTheSimpleClassName() {
        event.throwable = exception(new Nested());
        assertThat(metadata()).startsWith("{\"error_type\": \"Nested\", \"error_message\": null,");
    }

    @Test
    void aThrowableConverterReplacesTheTracesFormat() {
        RootCauseFirstThrowableProxyConverter converter = new RootCauseFirstThrowableProxyConverter();
        converter.start();
        settings.throwableConverter = converter;
        event.throwable =
                exception(new IllegalStateException("outer", exception(new IllegalArgumentException("root"))));
        assertThat(metadata()).contains("\"stack_trace\": \"java.lang.IllegalArgumentException: root");
    }

    @Test
    void aConverterThatFailsCostsOnlyTheTrace() {
        settings.throwableConverter = new ThrowableHandlingConverter() {
            @Override
            public String convert(ILoggingEvent event) {
                throw new UnsupportedOperationException();
            }
        };
        event.throwable = exception(new IllegalStateException("x"));
        assertThat(metadata())
                .isEqualTo("{\"error_type\": \"IllegalStateException\", \"error_message\": \"x\", "
                        + "\"stack_trace\": \"[failed: UnsupportedOperationException]\"}");
    }

    @Test
    void anEventWithoutMessageLevelOrTimeStillIsARecord() {
        event.instant = null;
        event.level = null;
        event.message = null;
        event.keyValues = null;
        event.markers = null;
        event.mdc = null;
        assertThat(encode())
                .isEqualTo(
                        "{\"timestamp\": \"1970-01-01T00:00:01.000000Z\", \"level\": \"info\", \"message\": \"null\", "
                                + "\"metadata\": null, \"sequenceNumber\": ");
    }

    @Test
    void anArgumentWhoseTextCannotBeMadeCostsOnlyItself() {
        event.message = "value: {}";
        event.arguments = new Object[] {new Failing(new IllegalStateException("no text"))};
        assertThat(encode()).contains("\"message\": \"value: [FAILED toString()]\"");
    }

    @Test
    void metadataThatCannotEvenBeListedCostsTheMetadata() {
        event.keyValues = new AbstractList<>() {
            @Override
            public KeyValuePair get(int index) {
                throw new ConcurrentModificationException();
            }

            @Override
            public int size() {
                return 1;
            }
        };
        assertThat(encode())
                .contains("\"message\": \"Training started\", "
                        + "\"metadata\": {\"metadata\": \"[failed: ConcurrentModificationException]\"}");
    }

    @Test
    void theBufferKeepsNoneOfTheApplicationsStrings() {
        RecordBuffer buffer = new RecordBuffer();
        keyValue("k", "v");
        encode(buffer);
        assertThat(buffer.keys).isEmpty();
    }

    private static <T extends Throwable> T exception(T throwable) {
        throwable.setStackTrace(
                new StackTraceElement[] {new StackTraceElement("com.example.Training", "run", "Training.java", 7)});
        return throwable;
    }

    private static final class Nested extends Exception {
        private static final long serialVersionUID = 1;
    }
}
