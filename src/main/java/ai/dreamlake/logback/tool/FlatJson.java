package ai.dreamlake.logback.tool;

import ai.dreamlake.logback.internal.io.LenientJson;
import java.io.StringWriter;
import java.util.Map;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectWriteContext;

/**
 * Flattens JSON: {@code {"a": {"b": 1}, "c": [2, 3]}} becomes {@code a.b = 1} and {@code c = [2,3]}. Of two values with
 * one name, the last one counts.
 */
final class FlatJson {

    /** Objects that are nested more deeply stay JSON. Otherwise names could take much more memory than the text. */
    private static final int MAX_DEPTH = 32;

    private FlatJson() {}

    /**
     * Adds the parser's current value, and moves the parser to the value's last token.
     *
     * @param name the name of the value
     */
    static void add(JsonParser parser, String name, Map<String, FieldValue> target) {
        add(parser, name, 0, target);
    }

    /** Adds each value of the parser's current object by its own name. */
    static void addAll(JsonParser parser, Map<String, FieldValue> target) {
        addAll(parser, "", 0, target);
    }

    private static void addAll(JsonParser parser, String prefix, int depth, Map<String, FieldValue> target) {
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String name = prefix + parser.currentName();
            parser.nextToken();
            add(parser, name, depth, target);
        }
    }

    private static void add(JsonParser parser, String name, int depth, Map<String, FieldValue> target) {
        if (parser.currentToken() == JsonToken.START_OBJECT && depth < MAX_DEPTH) {
            addAll(parser, name + ".", depth + 1, target);
        } else {
            target.put(name, value(parser));
        }
    }

    /** The parser's current value, of any kind. Moves the parser to its last token. */
    static FieldValue value(JsonParser parser) {
        return switch (parser.currentToken()) {
            case VALUE_STRING -> new FieldValue(FieldValue.Kind.TEXT, parser.getString());
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> new FieldValue(FieldValue.Kind.NUMBER, parser.getString());
            case VALUE_TRUE, VALUE_FALSE -> new FieldValue(FieldValue.Kind.BOOLEAN, parser.getString());
            case VALUE_NULL -> new FieldValue(FieldValue.Kind.NULL, "null");
            default -> new FieldValue(FieldValue.Kind.JSON, json(parser));
        };
    }

    private static String json(JsonParser parser) {
        StringWriter text = new StringWriter();
        try (JsonGenerator generator = LenientJson.STREAMS.createGenerator(ObjectWriteContext.empty(), text)) {
            generator.copyCurrentStructure(parser);
        }
        return text.toString();
    }
}
