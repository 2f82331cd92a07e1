package ai.dreamlake.logback.tool;

import org.jspecify.annotations.Nullable;

/**
 * One value of a record's metadata, or one parameter.
 *
 * @param text a text itself; everything else as in the JSON, so that no digit is lost
 */
record FieldValue(Kind kind, String text) {

    enum Kind {
        TEXT,
        NUMBER,
        BOOLEAN,
        NULL,
        /** An array, or an object that is nested too deeply. */
        JSON
    }

    /**
     * The value as a number; null if it is not one. The texts for NaN and the infinities are numbers, since JSON has no
     * other form for them.
     */
    @Nullable
    Double number() {
        return switch (kind) {
            case NUMBER -> parsed();
            case TEXT ->
                switch (text) {
                    case "NaN" -> Double.NaN;
                    case "Infinity" -> Double.POSITIVE_INFINITY;
                    case "-Infinity" -> Double.NEGATIVE_INFINITY;
                    default -> null;
                };
            default -> null;
        };
    }

    private @Nullable Double parsed() {
        return switch (text) {
            case "Infinity", "+Infinity", "INF", "+INF" -> Double.POSITIVE_INFINITY;
            case "-Infinity", "-INF" -> Double.NEGATIVE_INFINITY;
            case "NaN" -> Double.NaN;
            default -> Double.valueOf(text);
        };
    }
}
