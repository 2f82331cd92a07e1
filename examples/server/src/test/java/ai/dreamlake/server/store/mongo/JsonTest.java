package ai.dreamlake.server.store.mongo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.bson.Document;
import org.bson.types.Decimal128;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.cfg.JsonNodeFeature;
import tools.jackson.databind.json.JsonMapper;

class JsonTest {

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    private static Object stored(String number, boolean isForAllOfBson) {
        return new Json(isForAllOfBson).valueToBson(MAPPER.readTree(number));
    }

    @Test
    void aNumberIsStoredInATypeThatKeepsItsDigits() {
        assertThat(stored("5", true)).isEqualTo(5L);
        assertThat(stored("-9223372036854775808", true)).isEqualTo(Long.MIN_VALUE);
        assertThat(stored("0.234", true)).isEqualTo(0.234);
        assertThat(stored("1.0E-4", true)).isEqualTo(1.0E-4);
        assertThat(stored("12345678.5", true)).isEqualTo(12345678.5);
        assertThat(stored("0.10", true)).isEqualTo(Decimal128.parse("0.10"));
        assertThat(stored("0.10", false)).isEqualTo(new Document("%number", "0.10"));
        assertThat(stored("9223372036854775808", true)).isEqualTo(Decimal128.parse("9223372036854775808"));
        assertThat(stored("9223372036854775808", false)).isEqualTo(new Document("%number", "9223372036854775808"));
        assertThat(stored("0.1234567890123456789012345678901234567890", true)).isInstanceOf(Document.class);
    }

    @Test
    void everyNumberComesBackUnchanged() {
        for (String number : new String[] {
            "0",
            "-1",
            "2147483648",
            "9223372036854775807",
            "9223372036854775808",
            "1" + "0".repeat(50),
            "0.0",
            "-0.0",
            "0.00",
            "1.0",
            "1.50",
            "100.00",
            "1e-5",
            "1E-7",
            "1.0E-5",
            "1E5",
            "1.0E10",
            "1E0",
            "5e0",
            "1E+400",
            "1E-400",
            "1E+9000",
            "0E-7000",
            "0.1000000000000000055511151231257827",
            "123456789012345678901234567890.123456789012345",
            "1.7976931348623157E308",
            "4.9E-324"
        }) {
            JsonNode sent = MAPPER.readTree(number);
            for (boolean isForAllOfBson : new boolean[] {true, false}) {
                JsonNode found = Json.toJson(stored(number, isForAllOfBson));
                assertThat(found).as(number).isEqualTo(sent);
                assertThat(found).as(number).hasToString(sent.toString());
            }
        }
    }

    @Test
    void arraysWithinArraysComeBack() {
        JsonNode sent = MAPPER.readTree("{\"a\": [[1, [2.50]], [], {\"b\": [[3]]}], \"%array\": []}");
        for (boolean isForAllOfBson : new boolean[] {true, false}) {
            assertThat(Json.toJson(new Json(isForAllOfBson).toBson(sent))).isEqualTo(sent);
        }
        assertThat(new Json(true).valueToBson(MAPPER.readTree("[[1]]"))).isEqualTo(List.of(List.of(1L)));
    }

    @Test
    void namesWithAMeaningToTheDatabaseAreEscaped() {
        Json json = new Json(true);
        JsonNode sent = MAPPER.readTree(
                "{\"a.b\": 1, \"$set\": 2, \"a$\": 3, \"\": 4, \"%\": 5, \"%2E\": 6, \"\\u0000\": 7, \"%number\": \"8\"}");
        Document stored = json.toBson(sent);
        assertThat(stored.keySet()).containsExactly("a%2Eb", "%24set", "a$", "%", "%25", "%252E", "%00", "%25number");
        assertThat(Json.toJson(stored)).isEqualTo(sent).hasToString(sent.toString());
        JsonNode mimicry = MAPPER.readTree("{\"%number\": \"8\"}");
        assertThat(Json.toJson(json.toBson(mimicry))).isEqualTo(mimicry);
    }
}
