package ai.dreamlake.server.store.mongo;

import static com.mongodb.client.model.Filters.and;
import static com.mongodb.client.model.Filters.eq;
import static com.mongodb.client.model.Filters.exists;
import static com.mongodb.client.model.Filters.gte;
import static com.mongodb.client.model.Filters.in;
import static com.mongodb.client.model.Filters.lte;
import static com.mongodb.client.model.Filters.or;

import ai.dreamlake.server.store.Condition;
import ai.dreamlake.server.store.Condition.Operator;
import java.util.ArrayList;
import java.util.List;
import org.bson.conversions.Bson;

/**
 * Conditions on metadata as MongoDB filters.
 *
 * <p>The filters let through all matching records, and some others. {@link Condition#fits} decides the rest: which of
 * several entries a name means, and the value of a number that is stored as text. So every record found must be checked
 * with it.
 */
final class Conditions {

    /** A name with more dots could mean very many places. */
    private static final int MAX_DOTS = 4;

    private Conditions() {}

    static Bson filter(Condition condition) {
        String name = condition.name();
        if (condition.operator() == Operator.DIFFERENT
                || name.chars().filter(character -> character == '.').count() > MAX_DOTS) {
            return or(firstSteps(name).stream().map(step -> exists(step)).toList());
        }
        return or(places("metadata", name).stream()
                .map(place -> filter(place, condition))
                .toList());
    }

    /** The entries of metadata that have a value or lead to it: for {@code eval.loss}, both eval.loss and eval. */
    static List<String> firstSteps(String name) {
        List<String> steps = new ArrayList<>(List.of("metadata." + Json.escaped(name)));
        for (int dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
            steps.add("metadata." + Json.escaped(name.substring(0, dot)));
        }
        return steps;
    }

    /** Where a value of this name may be: for {@code eval.loss}, in eval.loss itself and in loss within eval. */
    private static List<String> places(String within, String name) {
        List<String> places = new ArrayList<>(List.of(within + "." + Json.escaped(name)));
        for (int dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
            places.addAll(places(within + "." + Json.escaped(name.substring(0, dot)), name.substring(dot + 1)));
        }
        return places;
    }

    private static Bson filter(String place, Condition condition) {
        if (!(condition.value() instanceof Double number)) {
            return eq(place, condition.value());
        }
        Bson inRange = Double.isFinite(number) ? range(place, condition.operator(), number) : exists(place);
        return or(inRange, in(place, "NaN", "Infinity", "-Infinity"), exists(place + "." + Json.NUMBER));
    }

    /**
     * With a margin: the database compares the digits of a number, and the final decision compares the nearest double.
     */
    private static Bson range(String place, Operator operator, double number) {
        Bson fromBelow = gte(place, Math.nextDown(number));
        Bson toAbove = lte(place, Math.nextUp(number));
        return switch (operator) {
            case GREATER, GREATER_OR_EQUAL -> fromBelow;
            case LESS, LESS_OR_EQUAL -> toAbove;
            default -> and(fromBelow, toAbove);
        };
    }
}
