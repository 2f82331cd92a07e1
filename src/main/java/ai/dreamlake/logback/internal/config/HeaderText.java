package ai.dreamlake.logback.internal.config;

import ch.qos.logback.core.CoreConstants;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import okhttp3.Headers;
import org.jspecify.annotations.Nullable;

/** Which names and values an HTTP header can have. */
final class HeaderText {

    /** In lower case. The appender or HTTP itself sets them; another value would break the call, or show the token. */
    private static final Set<String> RESERVED = Set.of(
            "accept-encoding",
            "authorization",
            "connection",
            "content-encoding",
            "content-length",
            "content-type",
            "expect",
            "host",
            "idempotency-key",
            "keep-alive",
            "proxy-authorization",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade");

    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9!#$%&'*+.^_`|~-]+");
    private static final Pattern VALUE = Pattern.compile("[\\t -~]+");

    static final String NO_TOKEN = "it has characters that no header can have.";

    private HeaderText() {}

    /**
     * The headers of {@code <header>} elements, in their order. A fault gives a header's position only: name and value
     * may be swapped, and the value may be secret.
     */
    static Headers headers(List<HeaderProperties> given, Faults faults) {
        Headers.Builder headers = new Headers.Builder();
        int place = 0;
        for (HeaderProperties header : given) {
            place++;
            String name = Faults.textOrNone(header.name);
            String value = Faults.textOrNone(header.value);
            String fault = fault(name, value);
            if (fault != null) {
                faults.add("header", Faults.HIDDEN, "of number " + place + ", " + fault);
            } else {
                headers.add(Objects.requireNonNull(name), Objects.requireNonNull(value));
            }
        }
        return headers.build();
    }

    private static @Nullable String fault(@Nullable String name, @Nullable String value) {
        if (name == null) {
            return "the <name> is missing.";
        }
        if (value == null) {
            return "the <value> is missing.";
        }
        if ((name + value).contains(CoreConstants.UNDEFINED_PROPERTY_SUFFIX)) {
            return "define the variable, or give it a default: ${NAME:-default}.";
        }
        if (!NAME.matcher(name).matches()) {
            return "the <name> has characters that no header's name can have; use letters, digits and hyphens.";
        }
        if (RESERVED.contains(name.toLowerCase(Locale.ROOT))) {
            return "the <name> is one that the appender or HTTP itself needs; choose another one.";
        }
        if (!VALUE.matcher(value).matches()) {
            return "the <value> has characters that no header can have; use printable ASCII.";
        }
        return null;
    }

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
