package ai.dreamlake.server.http;

import ai.dreamlake.server.store.Condition;
import ai.dreamlake.server.store.Condition.Operator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Conditions on metadata, as a query gives them:
 *
 * <pre>
 *   where=train_loss>0.5    where=eval.loss!=NaN    where=phase=train    where=isBest=true    where=version="5"
 * </pre>
 *
 * <p>The first operator ends the name. White space around the name and the value is ignored. A value that looks like a
 * number, {@code true} or {@code false} is one; anything else is a text. A value in double quotes is always a text.
 */
final class Conditions {

    private static final int MAX_CONDITIONS = 10;
    private static final Pattern CONDITION = Pattern.compile("([^<>=]+?)(>=|<=|!=|>|<|=)(?![<>=])(.*)", Pattern.DOTALL);

    /** Java also accepts numbers that others do not: {@code 1d}, {@code 0x1p3}. */
    private static final Pattern NUMBER =
            Pattern.compile("[-+]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]+)?|NaN|[-+]?Infinity");

    private Conditions() {}

    /** @throws ApiException 400 if a condition is invalid, or if there are too many */
    static List<Condition> of(List<String> texts) {
        List<String> given = texts.stream().filter(text -> !text.isEmpty()).toList();
        if (given.size() > MAX_CONDITIONS) {
            throw ApiException.badRequest(
                    "where", "there are " + given.size() + " conditions, more than " + MAX_CONDITIONS);
        }
        return given.stream().map(Text::whole).map(Conditions::of).toList();
    }

    private static Condition of(String text) {
        Matcher parts = CONDITION.matcher(text);
        if (!parts.matches() || parts.group(1).isBlank()) {
            throw fault(text, "is not a condition such as train_loss>0.5");
        }
        String name = RequestBody.name(parts.group(1).strip(), "where");
        Operator operator = Stream.of(Operator.values())
                .filter(one -> one.text().equals(parts.group(2)))
                .findFirst()
                .orElseThrow();
        Object value = value(parts.group(3).strip());
        boolean isOrder = operator != Operator.EQUAL && operator != Operator.DIFFERENT;
        if (isOrder && !(value instanceof Double)) {
            throw fault(text, "is not a valid condition: " + operator.text() + " compares numbers only");
        }
        return new Condition(name, operator, value);
    }

    private static Object value(String text) {
        if (text.length() > 1 && text.startsWith("\"") && text.endsWith("\"")) {
            return text.substring(1, text.length() - 1);
        }
        if (NUMBER.matcher(text).matches()) {
            return Double.valueOf(text);
        }
        return text.equals("true") || text.equals("false") ? (Object) Boolean.valueOf(text) : text;
    }

    private static ApiException fault(String text, String fault) {
        return ApiException.badRequest("where", Text.quoted(text) + " " + fault);
    }
}
