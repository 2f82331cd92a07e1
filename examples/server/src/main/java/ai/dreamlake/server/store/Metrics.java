package ai.dreamlake.server.store;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The numbers in a record's metadata, and what they are called: see {@link SeriesQuery}. All stores name them in the
 * same way.
 */
public final class Metrics {

    /** Of a metric that a session knows: so many characters. */
    public static final int LONGEST_NAME = 256;

    private Metrics() {}

    /** The number of this name; empty if the metadata has none. */
    public static OptionalDouble find(ObjectNode metadata, String name) {
        JsonNode entry = entry(metadata, name);
        return entry == null ? OptionalDouble.empty() : value(entry);
    }

    /**
     * The entry of this name. The whole name first, then each of its beginnings that is the name of an object. Null if
     * there is none.
     */
    public static JsonNode entry(JsonNode object, String name) {
        JsonNode entry = object.get(name);
        for (int dot = name.indexOf('.'); entry == null && dot >= 0; dot = name.indexOf('.', dot + 1)) {
            JsonNode inner = object.get(name.substring(0, dot));
            if (inner != null && inner.isObject()) {
                entry = entry(inner, name.substring(dot + 1));
            }
        }
        return entry;
    }

    /** Of a number, or of a text that stands for one that JSON cannot write; empty for anything else. */
    static OptionalDouble value(JsonNode entry) {
        if (entry.isNumber()) {
            // A node of Jackson's refuses to be a double that is none of its own; what is too large is infinite here.
            Number number = entry.numberValue();
            return OptionalDouble.of(number.doubleValue());
        }
        if (!entry.isString()) {
            return OptionalDouble.empty();
        }
        return switch (entry.stringValue()) {
            case "NaN" -> OptionalDouble.of(Double.NaN);
            case "Infinity" -> OptionalDouble.of(Double.POSITIVE_INFINITY);
            case "-Infinity" -> OptionalDouble.of(Double.NEGATIVE_INFINITY);
            default -> OptionalDouble.empty();
        };
    }

    /**
     * The numbers by their names: the first {@link LogStore#MOST_METRICS} of them, without those whose names are longer
     * than {@link #LONGEST_NAME}. It takes no longer than to read the metadata, whatever they are.
     */
    public static Map<String, Double> of(ObjectNode metadata) {
        Map<String, Double> metrics = new LinkedHashMap<>();
        collect(metadata, "", metrics);
        return metrics;
    }

    private static void collect(JsonNode object, String prefix, Map<String, Double> metrics) {
        for (Map.Entry<String, JsonNode> entry : inOrder(object)) {
            if (metrics.size() == LogStore.MOST_METRICS) {
                return;
            }
            if (prefix.length() + entry.getKey().length() > LONGEST_NAME) {
                continue;
            }
            String name = prefix + entry.getKey();
            if (entry.getValue().isObject()) {
                collect(entry.getValue(), name + ".", metrics);
            } else {
                value(entry.getValue()).ifPresent(value -> metrics.putIfAbsent(name, value));
            }
        }
    }

    /**
     * An object's entries, so that of several numbers of the same name the one comes first that {@link #find} finds. If
     * no name has a dot, there is one number of each name.
     */
    private static List<Map.Entry<String, JsonNode>> inOrder(JsonNode object) {
        List<Map.Entry<String, JsonNode>> entries = new ArrayList<>(object.properties());
        if (entries.stream().anyMatch(entry -> entry.getKey().indexOf('.') >= 0)) {
            entries.sort(Comparator.comparingInt(
                    entry -> entry.getValue().isObject() ? entry.getKey().length() : -1));
        }
        return entries;
    }

    /**
     * Makes newer values count. Names beyond {@link LogStore#MOST_METRICS} are left out.
     *
     * @param known is changed
     */
    public static void add(Map<String, Double> known, Map<String, Double> newer) {
        newer.forEach((name, value) -> {
            if (known.size() < LogStore.MOST_METRICS || known.containsKey(name)) {
                known.put(name, value);
            }
        });
    }
}
