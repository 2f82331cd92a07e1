package ai.dreamlake.server.store.sqlite;

import java.util.List;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamWriteConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.cfg.JsonNodeFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** JSON as text. Reading it again gives an equal value: numbers of any size, and names in their order. */
final class Json {

    /** No limits: the contents of the store were checked on arrival, and all of them must be readable. */
    private static final JsonFactory ANYTHING = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(Integer.MAX_VALUE)
                    .maxNumberLength(Integer.MAX_VALUE)
                    .maxNameLength(Integer.MAX_VALUE)
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .streamWriteConstraints(StreamWriteConstraints.builder()
                    .maxNestingDepth(Integer.MAX_VALUE)
                    .build())
            .build();

    static final JsonMapper MAPPER = JsonMapper.builder(ANYTHING)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .enable(JsonWriteFeature.WRITE_NAN_AS_STRINGS)
            .build();

    /** For callers that need only doubles: exact numbers take longer to read. */
    private static final JsonMapper DOUBLES = JsonMapper.builder(ANYTHING).build();

    private static final TypeReference<List<String>> TEXTS = new TypeReference<>() {};

    private Json() {}

    /** Null of null. */
    static String text(Object value) {
        return value == null ? null : MAPPER.writeValueAsString(value);
    }

    /** Null of null. */
    static JsonNode tree(String text) {
        return text == null ? null : MAPPER.readTree(text);
    }

    /** Reads numbers that are not integers as doubles. */
    static ObjectNode doubles(byte[] object) {
        return (ObjectNode) DOUBLES.readTree(object);
    }

    /** Null of null. */
    static List<String> texts(String text) {
        return text == null ? null : MAPPER.readValue(text, TEXTS);
    }
}
