package ai.dreamlake.logback.internal.record;

import static java.nio.charset.StandardCharsets.UTF_8;
import static net.logstash.logback.argument.StructuredArguments.array;
import static net.logstash.logback.argument.StructuredArguments.defer;
import static net.logstash.logback.argument.StructuredArguments.entries;
import static net.logstash.logback.argument.StructuredArguments.fields;
import static net.logstash.logback.argument.StructuredArguments.kv;
import static net.logstash.logback.argument.StructuredArguments.raw;
import static net.logstash.logback.argument.StructuredArguments.value;
import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.tools.ToolProvider;
import net.logstash.logback.marker.Markers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Marker;
import org.slf4j.helpers.BasicMarkerFactory;

/** How the structured arguments and markers of logstash-logback-encoder are recorded. */
@SuppressWarnings("deprecation") // SLF4J deprecates nested markers
class StructuredArgumentsTest {

    private final RecordSettings settings = new RecordSettings();
    private final TestEvent event = new TestEvent();

    private String encode() {
        RecordBuffer buffer = new RecordBuffer();
        new RecordEncoder(settings, 512 * 1024, Set.of()).encode(event, buffer);
        return new String(buffer.bytes(), 0, buffer.length(), UTF_8);
    }

    private String metadata() {
        String record = encode();
        return record.substring(record.indexOf("\"metadata\": ") + 12, record.lastIndexOf(", \"sequenceNumber\""));
    }

    private void log(String message, Object... arguments) {
        event.message = message;
        event.arguments = arguments;
    }

    private void mark(Marker marker) {
        event.markers.add(marker);
    }

    private static Map<String, Object> map() {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("acc", 0.9);
        map.put("tags", List.of("a", "b"));
        map.put("none", null);
        return map;
    }

    public record Point(int x, Map<String, Object> more, LocalDate day) {}

    private static final Point POINT = new Point(3, Map.of("deep", List.of(1, 2)), LocalDate.of(2025, 10, 29));

    @Test
    void argumentsBecomeTypedMetadataAndTheMessageStaysWhatItIs() {
        log("Epoch {} of {}, {}", kv("epoch", 5), value("epochs", 100L), kv("loss", new BigDecimal("0.10")));
        assertThat(encode())
                .contains("\"message\": \"Epoch epoch=5 of 100, loss=0.10\", "
                        + "\"metadata\": {\"epoch\": 5, \"epochs\": 100, \"loss\": 0.10}, ");
    }

    @Test
    void eachKindOfArgumentIsUnderstood() {
        log("{}", entries(map()));
        assertThat(metadata()).isEqualTo("{\"acc\": 0.9, \"tags\": [\"a\", \"b\"], \"none\": null}");
        log("{}", fields(POINT));
        assertThat(metadata()).isEqualTo("{\"x\": 3, \"more\": {\"deep\": [1, 2]}, \"day\": \"2025-10-29\"}");
        log("{}", kv("point", POINT));
        assertThat(metadata())
                .isEqualTo("{\"point\": {\"x\": 3, \"more\": {\"deep\": [1, 2]}, \"day\": \"2025-10-29\"}}");
        log("{}", array("points", POINT.x(), "two", true));
        assertThat(metadata()).isEqualTo("{\"points\": [3, \"two\", true]}");
        log("{}", raw("raw", "{\"a\":[1,2]}"));
        assertThat(metadata()).isEqualTo("{\"raw\": {\"a\":[1,2]}}");
        log("{}", defer(() -> kv("later", true)));
        assertThat(metadata()).isEqualTo("{\"later\": true}");
    }

    @Test
    void eachKindOfMarkerIsUnderstood() {
        mark(Markers.append("epoch", 5).and(Markers.appendEntries(map())).and(Markers.appendFields(POINT)));
        mark(Markers.appendArray("array", 1, 2));
        mark(Markers.appendRaw("raw", "1.50"));
        mark(Markers.defer(() -> Markers.append("later", true)));
        mark(Markers.aggregate(Markers.append("a", 1), Markers.append("b", 2)));
        mark(Markers.empty());
        assertThat(metadata())
                .isEqualTo("{\"epoch\": 5, \"acc\": 0.9, \"tags\": [\"a\", \"b\"], \"none\": null, \"x\": 3, "
                        + "\"more\": {\"deep\": [1, 2]}, \"day\": \"2025-10-29\", \"array\": [1, 2], \"raw\": 1.50, "
                        + "\"later\": true, \"a\": 1, \"b\": 2}");
    }

    @Test
    void oneInsideAnOrdinaryMarkerCountsToo() {
        Marker audit = new BasicMarkerFactory().getMarker("AUDIT");
        audit.add(Markers.append("user", "alice"));
        mark(audit);
        settings.includeMarkers = true;
        mark(Markers.append("epoch", 5));
        assertThat(metadata()).isEqualTo("{\"user\": \"alice\", \"epoch\": 5, \"markers\": [\"AUDIT\"]}");
    }

    @Test
    void theFatalMarkerWorksInsideThem() {
        mark(Markers.append("epoch", 5).and(new BasicMarkerFactory().getMarker("FATAL")));
        assertThat(encode()).contains("\"level\": \"fatal\"", "{\"epoch\": 5}");
    }

    @Test
    void precedenceIsKeyValuesThenArgumentsThenMarkersThenNamesInTheMessageThenTheMdc() {
        settings.includeNamedArguments = true;
        event.keyValue("a", "key-value");
        log("a={} b={} c={}", kv("a", 1), kv("b", 2), "named");
        mark(Markers.append("b", "marker"));
        mark(Markers.append("d", "marker"));
        event.mdc.put("d", "mdc");
        event.mdc.put("e", "mdc");
        assertThat(metadata())
                .isEqualTo("{\"a\": \"key-value\", \"b\": 2, \"d\": \"marker\", \"c\": \"named\", \"e\": \"mdc\"}");
    }

    @Test
    void anArgumentThatNamesItselfNeedsNoNameInTheMessage() {
        settings.includeNamedArguments = true;
        log("loss={} took={}", value("train_loss", 0.5), "2s");
        assertThat(metadata()).isEqualTo("{\"train_loss\": 0.5, \"took\": \"2s\"}");
    }

    @Test
    void withoutKeyValuesTheseAreLeftOutToo() {
        settings.includeKeyValues = false;
        log("{}", kv("epoch", 5));
        mark(Markers.append("epoch", 5));
        assertThat(metadata()).isEqualTo("null");
    }

    /** Fails when Jackson reads its property. */
    public static final class Broken {
        public String getValue() {
            throw new IllegalStateException("broken");
        }

        @Override
        public String toString() {
            return "broken";
        }
    }

    @Test
    void oneThatFailsCostsOnlyItself() {
        log(
                "{}",
                kv("before", 1),
                kv("broken", new Broken()),
                raw("raw", "{\"a\":"),
                raw("two", "1, \"x\": 2"),
                fields(new Broken()),
                defer(() -> {
                    throw new UnsupportedOperationException();
                }),
                kv("after", 2));
        event.message = "m";
        assertThat(metadata())
                .startsWith("{\"before\": 1, \"broken\": \"[failed: IllegalStateException]\", \"raw\": \"[failed: ")
                .contains("\"two\": \"[failed: ")
                .as("of those without a name, the first")
                .contains("\"arguments\": \"[failed: IllegalStateException]\"")
                .endsWith("\"after\": 2}");
    }

    @Test
    void olderVersionsWhichUseJackson2AreLeftAlone(@TempDir Path sources) throws Exception {
        assertThat(StructuredArguments.find(getClass().getClassLoader())).isNotNull();
        assertThat(StructuredArguments.find(null)).as("none is there").isNull();

        Map<String, String> library = Map.of(
                "com/fasterxml/jackson/core/JsonGenerator", "public class JsonGenerator {}",
                "net/logstash/logback/argument/StructuredArgument",
                        "public interface StructuredArgument { void writeTo(com.fasterxml.jackson.core.JsonGenerator g); }",
                "net/logstash/logback/marker/LogstashMarker",
                        "public interface LogstashMarker { void writeTo(com.fasterxml.jackson.core.JsonGenerator g); }");
        List<String> files = new ArrayList<>();
        for (Map.Entry<String, String> type : library.entrySet()) {
            Path file = sources.resolve(type.getKey() + ".java");
            Files.createDirectories(file.getParent());
            String room =
                    type.getKey().substring(0, type.getKey().lastIndexOf('/')).replace('/', '.');
            Files.writeString(file, "package " + room + ";\n" + type.getValue());
            files.add(file.toString());
        }
        ToolProvider.getSystemJavaCompiler().run(null, null, null, files.toArray(new String[0]));
        try (URLClassLoader older =
                new URLClassLoader(new URL[] {sources.toUri().toURL()}, null)) {
            older.loadClass("net.logstash.logback.argument.StructuredArgument");
            assertThat(StructuredArguments.find(older)).isNull();
        }
    }
}
