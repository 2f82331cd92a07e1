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

    static String of(String text) {
        StringBuilder pattern = new StringBuilder(4 * text.length());
        text.codePoints().forEach(point -> {
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
