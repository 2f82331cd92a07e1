package ai.dreamlake.logback.internal.config;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** What a header of HTTP can have. */
final class HeaderText {

    static final String NO_TOKEN = "it has characters that no header can have.";

    private HeaderText() {}

    /** Whether a header can have this token: printable ASCII without spaces. */
    static boolean isToken(String text) {
        return text.chars().allMatch(character -> character > ' ' && character < 0x7F);
    }

    /**
     * The token in a text.
     *
     * @param source where the text is from, for messages
     * @throws IOException if there is none
     */
    static String token(String source, @Nullable String text) throws IOException {
        String token = Faults.textOrNone(text);
        if (token == null) {
            throw new IOException(source + " gives no token: it is empty");
        }
        if (!isToken(token)) {
            throw new IOException(source + " gives no token: " + NO_TOKEN);
        }
        return token;
    }
}
