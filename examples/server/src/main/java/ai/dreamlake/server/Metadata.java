package ai.dreamlake.server;

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
 * Metadata as JSON and as BSON, and back the same.
 *
 * <p>MongoDB gives some names a meaning of their own: in those, {@code %}, {@code .}, a leading {@code $} and NUL are
 * stored as {@code %25}, {@code %2E}, {@code %24} and {@code %00}. A number that no {@code long} and no {@code double}
 * holds exactly becomes a Decimal128, or text beyond its 34 digits.
 */
final class Metadata {

    /** MongoDB stores 100 levels; a record takes some of them. */
    private static final int DEEPEST = 90;

    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private Metadata() {}

    /** @throws ApiException 400 if it is nested too deeply */
    static Document toBson(JsonNode object, String field) {
        return object(object, field, DEEPEST);
    }

    private static Document object(JsonNode object, String field, int depth) {
        Document document = new Document();
        for (Map.Entry<String, JsonNode> entry : object.properties()) {
            document.append(escaped(entry.getKey()), value(entry.getValue(), field, depth - 1));
        }
        return document;
    }

    private static Object value(JsonNode value, String field, int depth) {
        if (depth == 0) {
            throw ApiException.badRequest(field, "is nested more deeply than " + DEEPEST + " levels");
        }
        return switch (value.getNodeType()) {
            case OBJECT -> object(value, field, depth);
            case ARRAY -> array(value, field, depth);
            case STRING -> whole(value.stringValue());
            case BOOLEAN -> value.booleanValue();
            case NUMBER -> number(value);
            default -> null;
        };
    }

    private static List<Object> array(JsonNode array, String field, int depth) {
        List<Object> values = new ArrayList<>(array.size());
        for (JsonNode value : array) {
            values.add(value(value, field, depth - 1));
        }
        return values;
    }

    private static Object number(JsonNode number) {
        if (number.isIntegralNumber()) {
            BigInteger integer = number.bigIntegerValue();
            return integer.bitLength() < Long.SIZE ? (Object) integer.longValue() : decimal(new BigDecimal(integer));
        }
        BigDecimal exact = number.decimalValue();
        double nearest = exact.doubleValue();
        boolean isTheSame = Double.isFinite(nearest) && new BigDecimal(Double.toString(nearest)).compareTo(exact) == 0;
        return isTheSame ? (Object) nearest : decimal(exact);
    }

    private static Object decimal(BigDecimal number) {
        try {
            return new Decimal128(number);
        } catch (NumberFormatException tooManyDigits) {
            return number.toString();
        }
    }

    /** Half a surrogate pair has no UTF-8. */
    static String whole(String text) {
        StringBuilder whole = null;
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            if (!Character.isSurrogate(character)) {
                continue;
            }
            if (Character.isHighSurrogate(character)
                    && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
                continue;
            }
            whole = whole == null ? new StringBuilder(text) : whole;
            whole.setCharAt(i, '\uFFFD');
        }
        return whole == null ? text : whole.toString();
    }

    private static String escaped(String name) {
        String escaped = whole(name).replace("%", "%25").replace(".", "%2E").replace("\0", "%00");
        return escaped.startsWith("$") ? "%24" + escaped.substring(1) : escaped;
    }

    private static String plain(String name) {
        return name.replace("%00", "\0").replace("%24", "$").replace("%2E", ".").replace("%25", "%");
    }

    static JsonNode toJson(Object value) {
        if (value instanceof Document document) {
            ObjectNode object = JSON.objectNode();
            document.forEach((name, entry) -> object.set(plain(name), toJson(entry)));
            return object;
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
            return JSON.numberNode(decimal.bigDecimalValue());
        }
        if (value instanceof Double number) {
            return JSON.numberNode(number);
        }
        return value instanceof Number number ? JSON.numberNode(number.longValue()) : JSON.nullNode();
    }
}
