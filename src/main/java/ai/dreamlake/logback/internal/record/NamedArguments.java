package ai.dreamlake.logback.internal.record;

import org.jspecify.annotations.Nullable;

/**
 * Finds the names of a message's arguments: {@code "Epoch done epoch={} loss: {}"} names them {@code epoch} and
 * {@code loss}.
 *
 * <p>A placeholder has a name if {@code name=} or {@code name:} precedes it, directly or with one space between, or if
 * {@code name = } does. So {@code ==}, {@code <=} and the like name nothing. A name begins with a letter or an
 * underscore and continues with letters, digits, {@code _}, {@code .} and {@code -}. Placeholders follow SLF4J's rules:
 * {@code \{}} is not a placeholder, {@code \\{}} is one after a backslash.
 *
 * <p>A cursor over one pattern: {@link #next} moves to the next placeholder, whether it has a name or not.
 */
final class NamedArguments {

    private final String pattern;
    private int end;
    private int placeholder;

    NamedArguments(String pattern) {
        this.pattern = pattern;
    }

    /** Moves to the next placeholder; false if there is none. */
    boolean next() {
        while (true) {
            placeholder = pattern.indexOf("{}", end);
            if (placeholder < 0) {
                return false;
            }
            end = placeholder + 2;
            if (!isEscaped()) {
                return true;
            }
        }
    }

    private boolean isEscaped() {
        return at(placeholder - 1) == '\\' && at(placeholder - 2) != '\\';
    }

    /** The name of the argument at this placeholder, or null if it has none. */
    @Nullable
    String name() {
        int last = placeholder - 1;
        if (at(last) == ' ') {
            last--;
        }
        if (at(last) != '=' && at(last) != ':') {
            return null;
        }
        boolean isSpaced = last < placeholder - 1 && at(last) == '=' && at(last - 1) == ' ';
        int nameEnd = isSpaced ? last - 1 : last;
        int start = nameEnd;
        while (isPartOfName(at(start - 1))) {
            start--;
        }
        while (start < nameEnd && !isStartOfName(at(start))) {
            start++;
        }
        return start < nameEnd ? pattern.substring(start, nameEnd) : null;
    }

    private char at(int index) {
        return index < 0 ? 0 : pattern.charAt(index);
    }

    private static boolean isStartOfName(char character) {
        return Character.isLetter(character) || character == '_';
    }

    private static boolean isPartOfName(char character) {
        return isStartOfName(character) || Character.isDigit(character) || character == '.' || character == '-';
    }
}
