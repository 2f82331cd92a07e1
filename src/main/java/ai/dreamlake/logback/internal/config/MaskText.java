package ai.dreamlake.logback.internal.config;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/** What to mask. Faults only give its position: it may be the secret itself. */
final class MaskText {

    private MaskText() {}

    /** The regular expressions of {@code <mask>} elements, in their order. */
    static List<Pattern> expressions(List<@Nullable String> given, Faults faults) {
        List<Pattern> expressions = new ArrayList<>();
        for (int i = 0; i < given.size(); i++) {
            String text = text("mask", given.get(i), i + 1, faults);
            if (text == null) {
                continue;
            }
            try {
                Pattern expression = Pattern.compile(text);
                if (expression.matcher("").find()) {
                    add("mask", i + 1, "it matches the empty text, and so matches everywhere.", faults);
                }
                expressions.add(expression);
            } catch (PatternSyntaxException fault) {
                add("mask", i + 1, "that is not a regular expression: " + fault.getDescription() + ".", faults);
            }
        }
        return expressions;
    }

    /** The names of {@code <maskKey>} elements, in lower case. */
    static Set<String> keys(List<@Nullable String> given, Faults faults) {
        Set<String> keys = new HashSet<>();
        for (int i = 0; i < given.size(); i++) {
            String text = text("maskKey", given.get(i), i + 1, faults);
            if (text != null) {
                keys.add(text.strip().toLowerCase(Locale.ROOT));
            }
        }
        return keys;
    }

    private static @Nullable String text(String property, @Nullable String given, int place, Faults faults) {
        if (given == null || given.isBlank()) {
            add(property, place, "give it a value, or leave it out.", faults);
            return null;
        }
        if (Faults.isUndefined(given)) {
            add(property, place, Faults.DEFINE, faults);
            return null;
        }
        return given;
    }

    private static void add(String property, int place, String remedy, Faults faults) {
        faults.add(property, Faults.HIDDEN, "of number " + place + ", " + remedy);
    }
}
