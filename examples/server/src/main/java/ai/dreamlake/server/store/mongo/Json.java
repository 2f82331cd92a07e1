package ai.dreamlake.server.store.mongo;

import ai.dreamlake.server.store.StoreException;
import ai.dreamlake.server.store.StoreException.Reason;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bson.Document;
import org.bson.types.Decimal128;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Converts JSON to BSON, and back to equal JSON.
 *
 * <p>MongoDB gives some names a special meaning. In names, {@code %}, {@code .}, a leading {@code $} and NUL are stored
 * as {@code %25}, {@code %2E}, {@code %24} and {@code %00}, and the empty name as {@code %}.
 *
 * <p>A number keeps its digits. It is stored as a {@code long}; or as a {@code double}, if that is written with the
 * same digits; or as a Decimal128, such as 0.10; or, beyond its 34 digits, as <code>{"%number": "…"}</code>. No
 * client's name becomes {@code %number}.
 *
 * <p>If the database has neither Decimal128 nor arrays within arrays, such a number is also stored as <code>
 * {"%number": "…"}</code>, and such an array as <code>{"%array": […]}</code>.
 */
final class Json {

    /** MongoDB stores 100 levels; the enclosing document takes some of them. */
    static final int MAX_DEPTH = 90;

    /** The only name in a document that marks a number; its value is the digits as text. */
    static final String NUMBER = "%number";

    private static final String ARRAY = "%array";
    private static final String EMPTY = "%";
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final boolean isForAllOfBson;

    /** @param isForAllOfBson whether the database has Decimal128, and arrays within arrays */
    Json(boolean isForAllOfBson) {
        this.isForAllOfBson = isForAllOfBson;
    }

    /** @throws StoreException TOO_LARGE if the object is nested too deeply */
    Document toBson(JsonNode object) {
        return object(object, MAX_DEPTH);
    }

    /** @throws StoreException TOO_LARGE if the value is nested too deeply */
    Object valueToBson(JsonNode value) {
        return value(value, MAX_DEPTH);
    }

    private Document object(JsonNode object, int depth) {
        Document document = new Document();
        for (Map.Entry<String, JsonNode> entry : object.properties()) {
            document.append(escaped(entry.getKey()), value(entry.getValue(), depth - 1));
        }
        return document;
    }

    private Object value(JsonNode value, int depth) {
        if (depth == 0) {
            throw new StoreException(Reason.TOO_LARGE, "nested more deeply than " + MAX_DEPTH + " levels");
        }
        return switch (value.getNodeType()) {
            case OBJECT -> object(value, depth);
            case ARRAY -> array(value, depth);
            case STRING -> value.stringValue();
            case BOOLEAN -> value.booleanValue();
            case NUMBER -> number(value);
            default -> null;
        };
    }

    private List<Object> array(JsonNode array, int depth) {
        List<Object> values = new ArrayList<>(array.size());
        for (JsonNode value : array) {
            Object stored = value(value, depth - 1);
            values.add(isForAllOfBson || !value.isArray() ? stored : new Document(ARRAY, stored));
        }
        return values;
    }

    private Object number(JsonNode number) {
        if (number.isIntegralNumber()) {
            BigInteger integer = number.bigIntegerValue();
            return integer.bitLength() < Long.SIZE
                    ? (Object) integer.longValue()
                    : exactly(new BigDecimal(integer), integer.toString());
        }
        if (!number.isBigDecimal() && !Double.isFinite(number.doubleValue())) {
            return Double.toString(number.doubleValue()); // JSON has no such number, and neither do some databases
        }
        BigDecimal exact = number.decimalValue();
        double nearest = exact.doubleValue();
        if (Double.isFinite(nearest) && decimal(nearest).equals(exact)) {
            return nearest;
        }
        String text = exact.toString();
        // Without a fraction or an exponent, the number would be read back as an integer.
        return exact.scale() == 0 ? new Document(NUMBER, text + "E0") : exactly(exact, text);
    }

    private static BigDecimal decimal(double number) {
        return new BigDecimal(Double.toString(number));
    }

    private Object exactly(BigDecimal number, String text) {
        if (isForAllOfBson) {
            try {
                Decimal128 decimal = new Decimal128(number);
                if (decimal.bigDecimalValue().equals(number)) {
                    return decimal;
                }
            } catch (NumberFormatException tooManyDigits) {
                // The number is stored as text.
            }
        }
        return new Document(NUMBER, text);
    }

    static String escaped(String name) {
        if (name.isEmpty()) {
            return EMPTY;
        }
        String escaped = name.replace("%", "%25").replace(".", "%2E").replace("\0", "%00");
        return escaped.startsWith("$") ? "%24" + escaped.substring(1) : escaped;
    }

    static String plain(String name) {
        return name.equals(EMPTY)
                ? ""
                : name.replace("%00", "\0")
                        .replace("%24", "$")
                        .replace("%2E", ".")
                        .replace("%25", "%");
    }

    /** A missing entry becomes a Java null. */
    static ObjectNode toObject(Document document) {
        return document == null ? null : (ObjectNode) toJson(document);
    }

    static JsonNode toJson(Object value) {
        if (value instanceof Document document) {
            return document.size() == 1 ? single(document) : object(document);
        }
        if (value instanceof List<?> list) {
            ArrayNode array = JSON.arrayNode(list.size());
            list.forEach(entry -> array.add(toJson(entry)));
            return array;
        }
        if (value instanceof String text) {
            return JSON.stringNode(text);
        }
        if (value instanceof Boolean bool) {
            return JSON.booleanNode(bool);
        }
        if (value instanceof Decimal128 decimal) {
            BigDecimal number = decimal.bigDecimalValue();
            return number.scale() == 0 ? JSON.numberNode(number.unscaledValue()) : JSON.numberNode(number);
        }
        if (value instanceof Double number) {
            return Double.isFinite(number) ? JSON.numberNode(decimal(number)) : JSON.numberNode(number);
        }
        return value instanceof Number number ? integer(number.longValue()) : JSON.nullNode();
    }

    private static JsonNode single(Document document) {
        if (document.get(NUMBER) instanceof String number) {
            return number(number);
        }
        return document.get(ARRAY) instanceof List<?> array ? toJson(array) : object(document);
    }

    private static ObjectNode object(Document document) {
        ObjectNode object = JSON.objectNode();
        document.forEach((name, entry) -> object.set(plain(name), toJson(entry)));
        return object;
    }

    /** The node type that Jackson reads: numbers are equal only to numbers of the same type. */
    private static JsonNode integer(long number) {
        return number == (int) number ? JSON.numberNode((int) number) : JSON.numberNode(number);
    }

    private static JsonNode number(String number) {
        boolean isInteger = number.chars().allMatch(digit -> digit == '-' || Character.isDigit(digit));
        return isInteger ? JSON.numberNode(new BigInteger(number)) : JSON.numberNode(new BigDecimal(number));
    }
}
