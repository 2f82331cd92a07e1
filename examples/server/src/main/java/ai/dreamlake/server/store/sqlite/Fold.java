package ai.dreamlake.server.store.sqlite;

/** Texts without their case, so that they can be compared whatever the case of their letters. */
final class Fold {

    private static final int ASCII_END = 0x80;

    private Fold() {}

    /** Each character for itself, as {@link String#equalsIgnoreCase} does. */
    static String fold(String text) {
        StringBuilder folded = new StringBuilder(text.length());
        text.codePoints()
                .map(point -> Character.toLowerCase(Character.toUpperCase(point)))
                .forEach(folded::appendCodePoint);
        return folded.toString();
    }

    /** Whether SQLite's LIKE knows all its letters, and reads it to its end. */
    static boolean isPlain(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= ASCII_END || text.charAt(i) == 0) {
                return false;
            }
        }
        return true;
    }

    /** What LIKE takes for a text that contains this one; a backslash is its escape. */
    static String pattern(String folded) {
        return "%" + folded.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%";
    }
}
