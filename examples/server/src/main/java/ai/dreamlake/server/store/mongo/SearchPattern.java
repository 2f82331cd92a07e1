package ai.dreamlake.server.store.mongo;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * A regular expression that finds a text ignoring case, in any script. It lists both cases of each letter, as in
 * {@code [äÄ]}, because the option {@code i} differs between databases outside of ASCII.
 */
final class SearchPattern {

    /** For each character that has case variants: all variants, by their common folded form. */
    private static final Map<Integer, Set<Integer>> CASES = cases();

    /** Maximum number of characters. MongoDB accepts 32,764 bytes, and a letter with its cases takes several. */
    private static final int MAX_LENGTH = 1000;

    private SearchPattern() {}

    private static Map<Integer, Set<Integer>> cases() {
        Map<Integer, Set<Integer>> cases = new HashMap<>();
        for (int point = 0; point <= Character.MAX_CODE_POINT; point++) {
            int folded = folded(point);
            if (folded != point) {
                cases.computeIfAbsent(folded, first -> new TreeSet<>(Set.of(first)))
                        .add(point);
            }
        }
        return cases;
    }

    /** Folds as {@link String#equalsIgnoreCase} does. */
    private static int folded(int point) {
        return Character.toLowerCase(Character.toUpperCase(point));
    }

    /** Whether the expression covers the whole text. */
    static boolean isWhole(String text) {
        return text.codePointCount(0, text.length()) <= MAX_LENGTH;
    }

    /** Whether a message contains a text of any length: the same search as the expression's, but done here. */
    static boolean isIn(String message, String text) {
        return folded(message).contains(folded(text));
    }

    private static String folded(String text) {
        StringBuilder folded = new StringBuilder(text.length());
        text.codePoints().map(SearchPattern::folded).forEach(folded::appendCodePoint);
        return folded.toString();
    }

    /** An expression for a text, or for the beginning of a long one. */
    static String of(String text) {
        StringBuilder pattern = new StringBuilder();
        text.codePoints().limit(MAX_LENGTH).forEach(point -> {
            Set<Integer> cases = CASES.get(folded(point));
            if (cases == null) {
                quote(point, pattern);
            } else {
                pattern.append('[');
                cases.forEach(pattern::appendCodePoint);
                pattern.append(']');
            }
        });
        return pattern.toString();
    }

    private static void quote(int point, StringBuilder pattern) {
        if (point == 0) {
            pattern.append("\\x00"); // a regular expression in BSON ends at a NUL
        } else {
            if (point < 0x80 && !Character.isLetterOrDigit(point) && point > ' ' && point != '_') {
                pattern.append('\\');
            }
            pattern.appendCodePoint(point);
        }
    }
}
