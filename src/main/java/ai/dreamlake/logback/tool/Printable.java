package ai.dreamlake.logback.tool;

/** Makes text from logs and names safe for a terminal, which would execute control characters in it. */
final class Printable {

    private static final int MAX_QUOTED = 80;

    private Printable() {}

    /** The text on one line, with control characters escaped. */
    static String line(String text) {
        StringBuilder line = null;
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            if (isControl(character)) {
                if (line == null) {
                    line = new StringBuilder(text.length() + 16).append(text, 0, i);
                }
                line.append(visible(character));
            } else if (line != null) {
                line.append(character);
            }
        }
        return line == null ? text : line.toString();
    }

    /** Includes the characters that change the direction of writing, which can make a text look like another one. */
    private static boolean isControl(char character) {
        return Character.isISOControl(character)
                || Character.getType(character) == Character.FORMAT
                || character == 0x2028
                || character == 0x2029;
    }

    private static String visible(char character) {
        return switch (character) {
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            default -> "\\u" + Integer.toHexString(0x10000 | character).substring(1);
        };
    }

    /** A name for a message: quoted, shortened, and on one line. */
    static String quoted(String name) {
        String shown = name.length() <= MAX_QUOTED ? name : name.substring(0, MAX_QUOTED) + "…";
        return "\"" + line(shown) + "\"";
    }
}
