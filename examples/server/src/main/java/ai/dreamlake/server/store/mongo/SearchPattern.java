package ai.dreamlake.server.store.mongo;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * A regular expression that finds a text whatever the case of its letters, in any script. It names both cases of each
 * letter, as in {@code [äÄ]}, because databases differ in what their option {@code i} does outside of ASCII.
 */
final class SearchPattern {

    /**
     * For each character that has others which differ from it only in case: all of them, by their common folded form.
     */
    private static final Map<Integer, Set<Integer>> CASES = cases();

    /** Characters of a text; MongoDB takes 32,764 bytes, and a letter with its cases has some. */
    private static final int LONGEST = 1000;

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

    /** As {@link String#equalsIgnoreCase} does. */
    private static int folded(int point) {
        return Character.toLowerCase(Character.toUpperCase(point));
    }

    /** Whether the expression is for all of a text. */
    static boolean isWhole(String text) {
        return text.codePointCount(0, text.length()) <= LONGEST;
    }

    /** Whether a message contains a text of any length: what the expression is for, but done here. */
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
        text.codePoints().limit(LONGEST).forEach(point -> {
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
