package ai.dreamlake.server.store;

import java.util.OptionalDouble;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A condition on an entry of a record's metadata. A record without the entry never matches. Nor does a record whose
 * entry has another type than the value, whatever the operator: {@code !=} matches entries that are present and
 * different.
 *
 * <p>Numbers are compared as doubles. The texts {@code NaN}, {@code Infinity} and {@code -Infinity} count as the
 * numbers that JSON cannot write. NaN equals itself, and is neither greater nor less than anything.
 *
 * @param name of the entry, as in {@link SeriesQuery}
 * @param value a {@link Double}; or, only with {@code =} and {@code !=}, a {@link Boolean} or a case-sensitive
 *     {@link String}
 */
public record Condition(String name, Operator operator, Object value) {

    /** @throws IllegalArgumentException if the value cannot be compared, or not with this operator */
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

        /** The operator as it is written: {@code ">="}. */
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
