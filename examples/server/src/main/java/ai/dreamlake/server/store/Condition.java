package ai.dreamlake.server.store;

import java.util.OptionalDouble;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What an entry of a record's metadata has to be. A record without the entry never fits, and neither does one whose
 * entry is of another kind than the value, whatever the operator: {@code !=} finds what is there, and different.
 *
 * <p>Numbers are compared as doubles. The texts {@code NaN}, {@code Infinity} and {@code -Infinity} count as the
 * numbers that JSON cannot write; NaN is equal to itself, and neither greater nor less than anything.
 *
 * @param name of the entry, as in {@link SeriesQuery}
 * @param value a {@link Double}; or, only with {@code =} and {@code !=}, a {@link Boolean}, or a {@link String}, whose
 *     case counts
 */
public record Condition(String name, Operator operator, Object value) {

    /** @throws IllegalArgumentException if such values cannot be compared, or not in this way */
    public Condition {
        boolean isText = value instanceof String || value instanceof Boolean;
        if (!isText && !(value instanceof Double)) {
            throw new IllegalArgumentException("cannot be compared: " + value);
        }
        if (isText && operator != Operator.EQUAL && operator != Operator.DIFFERENT) {
            throw new IllegalArgumentException(operator.text() + " compares numbers only");
        }
    }

    /** How an entry is compared with a value. */
    public enum Operator {
        GREATER(">"),
        GREATER_OR_EQUAL(">="),
        LESS("<"),
        LESS_OR_EQUAL("<="),
        EQUAL("="),
        DIFFERENT("!=");

        private final String text;

        Operator(String text) {
            this.text = text;
        }

        /** As it is written: {@code ">="}. */
        public String text() {
            return text;
        }

        private boolean holds(double entry, double value) {
            boolean isEqual = entry == value || Double.isNaN(entry) && Double.isNaN(value);
            return switch (this) {
                case GREATER -> entry > value;
                case GREATER_OR_EQUAL -> entry > value || isEqual;
                case LESS -> entry < value;
                case LESS_OR_EQUAL -> entry < value || isEqual;
                case EQUAL -> isEqual;
                case DIFFERENT -> !isEqual;
            };
        }
    }

    /** @param metadata of a record; null if it has none */
    public boolean fits(ObjectNode metadata) {
        JsonNode entry = metadata == null ? null : Metrics.entry(metadata, name);
        if (entry == null) {
            return false;
        }
        if (value instanceof Double number) {
            OptionalDouble found = Metrics.value(entry);
            return found.isPresent() && operator.holds(found.getAsDouble(), number);
        }
        boolean isWanted = operator == Operator.EQUAL;
        return value instanceof String text
                ? entry.isString() && entry.stringValue().equals(text) == isWanted
                : entry.isBoolean() && value.equals(entry.booleanValue()) == isWanted;
    }
}
