package ai.dreamlake.server.http;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/** Handles texts that clients send. */
final class Text {

    private static final int MAX_QUOTE = 40;

    private Text() {}

    /** Replaces lone surrogates, which have no UTF-8 form, by U+FFFD. */
    static String whole(String text) {
        StringBuilder whole = null;
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            if (!Character.isSurrogate(character)) {
                continue;
            }
            if (Character.isHighSurrogate(character)
                    && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1))) {
                i++;
                continue;
            }
            whole = whole == null ? new StringBuilder(text) : whole;
            whole.setCharAt(i, '\uFFFD');
        }
        return whole == null ? text : whole.toString();
    }

    /** A {@code Content-Disposition} header for a file of this name, in the form of RFC 8187. */
    static String attachment(String name) {
        return "attachment; filename*=UTF-8''"
                + URLEncoder.encode(name, StandardCharsets.UTF_8)
                        .replace("+", "%20")
                        .replace("*", "%2A");
    }

    /** In quotes and shortened, for a message. */
    static String quoted(String text) {
        return '"' + (text.length() > MAX_QUOTE ? text.substring(0, MAX_QUOTE) + "…" : text) + '"';
    }
}
