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
 * Conditions on metadata as filters of MongoDB's.
 *
 * <p>They let through all records that fit, and some that do not: which of several entries a name means, and what a
 * number is that is kept as text, is decided by {@link Condition#fits}. So every record that is found has to be asked.
 */
final class Conditions {

    /** A name with more dots may mean very many places. */
    private static final int MOST_DOTS = 4;

    private Conditions() {}

    static Bson filter(Condition condition) {
        String name = condition.name();
        if (condition.operator() == Operator.DIFFERENT
                || name.chars().filter(character -> character == '.').count() > MOST_DOTS) {
            return or(firstSteps(name).stream().map(step -> exists(step)).toList());
        }
        return or(places("metadata", name).stream()
                .map(place -> filter(place, condition))
                .toList());
    }

    /** The entries of metadata that have a value, or lead to it: of {@code eval.loss}, eval.loss itself and eval. */
    static List<String> firstSteps(String name) {
        List<String> steps = new ArrayList<>(List.of("metadata." + Json.escaped(name)));
        for (int dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
            steps.add("metadata." + Json.escaped(name.substring(0, dot)));
        }
        return steps;
    }

    /** Where a value of this name may be: of {@code eval.loss}, in eval.loss itself, and in loss within eval. */
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

    /** With some room: a number is compared here by its digits, and by the nearest double when it is decided. */
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
