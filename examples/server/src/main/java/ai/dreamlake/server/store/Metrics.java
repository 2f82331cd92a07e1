package ai.dreamlake.server.store;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The numbers in a record's metadata and their names: see {@link SeriesQuery}. All stores use the same names. */
public final class Metrics {

    /** Maximum number of characters in the name of a metric that a session keeps. */
    public static final int MAX_NAME = 256;

    private Metrics() {}

    /** The number of this name; empty if the metadata has none. */
    public static OptionalDouble find(ObjectNode metadata, String name) {
        JsonNode entry = entry(metadata, name);
        return entry == null ? OptionalDouble.empty() : value(entry);
    }

    /**
     * The entry of this name; null if there is none. The whole name is looked up first, then each of its prefixes that
     * is the name of an object.
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

    /** The value of a number, or of a text for a number that JSON cannot write; empty for anything else. */
    static OptionalDouble value(JsonNode entry) {
        if (entry.isNumber()) {
            // A Jackson node throws if its number does not fit into a double; here, a number that is too large is
            // infinite.
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
     * The numbers by their names: the first {@link LogStore#MAX_METRICS} of them, without those whose names are longer
     * than {@link #MAX_NAME}. However the metadata is built, this takes no longer than reading it.
     */
    public static Map<String, Double> of(ObjectNode metadata) {
        Map<String, Double> metrics = new LinkedHashMap<>();
        collect(metadata, "", metrics);
        return metrics;
    }

    private static void collect(JsonNode object, String prefix, Map<String, Double> metrics) {
        for (Map.Entry<String, JsonNode> entry : inOrder(object)) {
            if (metrics.size() == LogStore.MAX_METRICS) {
                return;
            }
            if (prefix.length() + entry.getKey().length() > MAX_NAME) {
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
     * An object's entries. Of several numbers with the same name, the one that {@link #find} finds comes first. If no
     * name contains a dot, names are unique.
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
     * Replaces known values by newer ones. Names beyond {@link LogStore#MAX_METRICS} are left out.
     *
     * @param known is changed
     */
    public static void add(Map<String, Double> known, Map<String, Double> newer) {
        newer.forEach((name, value) -> {
            if (known.size() < LogStore.MAX_METRICS || known.containsKey(name)) {
                known.put(name, value);
            }
        });
    }
}
