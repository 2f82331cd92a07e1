package ai.dreamlake.server.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class MetricsTest {

    private static final JsonMapper JSON = new JsonMapper();

    private static Map<String, Double> metrics(String metadata) {
        return Metrics.of((ObjectNode) JSON.readTree(metadata));
    }

    @Test
    void ofSeveralNumbersWithOneNameTheOneThatFindReturnsCounts() {
        String metadata =
                "{\"a.b\": {\"c\": 1}, \"a\": {\"b\": {\"c\": 2}, \"b.c\": 3}, \"x\": {\"y\": 4}, \"x.y\": 5}";
        assertThat(metrics(metadata)).isEqualTo(Map.of("a.b.c", 3.0, "x.y", 5.0));
        metrics(metadata)
                .forEach((name, value) -> assertThat(Metrics.find((ObjectNode) JSON.readTree(metadata), name))
                        .hasValue(value));
    }

    @Test
    void namesKeepTheirOrder() {
        assertThat(metrics("{\"validation\": {\"loss\": 1}, \"loss\": 2, \"test\": {\"loss\": \"NaN\"}}")
                        .keySet())
                .containsExactly("validation.loss", "loss", "test.loss");
    }

    @Test
    void namesThatAreTooManyOrTooLongAreLeftOut() {
        StringBuilder many = new StringBuilder("{\"")
                .append("n".repeat(Metrics.MAX_NAME + 1))
                .append("\": 0");
        for (int i = 0; i <= LogStore.MAX_METRICS; i++) {
            many.append(", \"m").append(i).append("\": 1");
        }
        assertThat(metrics(many + "}"))
                .hasSize(LogStore.MAX_METRICS)
                .containsKey("m0")
                .doesNotContainKey("m" + LogStore.MAX_METRICS);
    }

    /** Each name could be found only after trying all its prefixes. */
    @Test
    @Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
    void manyDotsTakeNoTime() {
        StringBuilder metadata = new StringBuilder("{\"a\": 1");
        for (int i = 1; i < 1400; i++) {
            metadata.append(", \"a").append(".a".repeat(i)).append("\": {\"b\": {\"c\": 1}}");
        }
        String dots = "a.".repeat(20_000);
        for (int i = 0; i < 500; i++) {
            metadata.append(", \"b").append(i).append("\": {}");
        }
        metadata.append(", \"").append(dots).append("\": {");
        for (int i = 0; i < 20_000; i++) {
            metadata.append(i == 0 ? "" : ", ").append('"').append(i).append("\": 1");
        }
        assertThat(metrics(metadata + "}}")).hasSizeLessThanOrEqualTo(LogStore.MAX_METRICS);
    }
}
