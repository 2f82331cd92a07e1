package ai.dreamlake.server.store.sqlite;

/** Folds the case of texts, so that they can be compared ignoring case. */
final class Fold {

    private static final int ASCII_END = 0x80;

    private Fold() {}

    /** Folds each character by itself, as {@link String#equalsIgnoreCase} does. */
    static String fold(String text) {
        StringBuilder folded = new StringBuilder(text.length());
        text.codePoints()
                .map(point -> Character.toLowerCase(Character.toUpperCase(point)))
                .forEach(folded::appendCodePoint);
        return folded.toString();
    }

    /** Whether SQLite's LIKE ignores the case of all its letters, and reads it to its end. */
    static boolean isPlain(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= ASCII_END || text.charAt(i) == 0) {
                return false;
            }
        }
        return true;
    }

    /** The LIKE pattern for texts that contain this one; the backslash is its escape character. */
    static String pattern(String folded) {
        return "%" + folded.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%";
    }
}
