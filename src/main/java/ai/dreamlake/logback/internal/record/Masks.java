package ai.dreamlake.logback.internal.record;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;

/**
 * Replaces secrets with {@value #MASKED}: whatever the expressions match in texts, and the values of certain keys.
 * Thread-safe.
 */
final class Masks {

    static final String MASKED = "***";

    private final List<Pattern> expressions;

    /** The keys whose values are hidden, in lower case. */
    private final Set<String> keys;

    Masks(List<Pattern> expressions, Set<String> keys) {
        this.expressions = expressions;
        this.keys = keys;
    }

    /** Whether the value of a metadata key is hidden as a whole. */
    boolean hides(String key) {
        return keys.contains(key.toLowerCase(Locale.ROOT));
    }

    /**
     * The text, with everything that the expressions match masked.
     *
     * @throws StackOverflowError if an expression needs too much stack; then the whole text may be secret
     */
    String in(String text) {
        String masked = text;
        for (Pattern expression : expressions) {
            masked = expression.matcher(masked).replaceAll(MASKED);
        }
        return masked;
    }

    /**
     * Copies a JSON value, with its secrets masked. The parser must be at the value's first token.
     *
     * @throws StackOverflowError as {@link #in} does
     */
    void copy(JsonParser parser, JsonGenerator target) {
        int depth = 0;
        do {
            switch (parser.currentToken()) {
                case START_OBJECT, START_ARRAY -> {
                    depth++;
                    target.copyCurrentEvent(parser);
                }
                case END_OBJECT, END_ARRAY -> {
                    depth--;
                    target.copyCurrentEvent(parser);
                }
                case PROPERTY_NAME -> {
                    target.copyCurrentEvent(parser);
                    if (hides(parser.currentName())) {
                        parser.nextToken();
                        parser.skipChildren();
                        target.writeString(MASKED);
                    }
                }
                case VALUE_STRING -> target.writeString(in(parser.getString()));
                case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> target.writeNumber(parser.getString()); // unchanged
                default -> target.copyCurrentEvent(parser);
            }
        } while (depth > 0 && parser.nextToken() != null);
    }
}
