package ai.dreamlake.logback.internal.upload;

import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The server's response to a call.
 *
 * @param status the HTTP status
 * @param body the beginning of the body as text, as far as it arrived
 * @param retryAfter how long the server asks us to wait; zero if it does not, or if the header is invalid
 * @param isToCompressedCall whether the request's body was compressed
 */
record ServerResponse(int status, String body, Duration retryAfter, boolean isToCompressedCall) {

    /** A response to a call that was not compressed. */
    ServerResponse(int status, String body, Duration retryAfter) {
        this(status, body, retryAfter, false);
    }

    /** The longest wait that a server can request: one with a broken clock must not stop us for a year. */
    private static final Duration MAX_WAIT = Duration.ofHours(1);

    private static final Pattern SECONDS = Pattern.compile("[0-9]+");

    /** A number with this many digits always fits into a long. */
    private static final int MAX_DIGITS = 18;

    boolean isSuccess() {
        return status >= 200 && status < 300;
    }

    /**
     * The server did not accept the request, but nothing is wrong with the request itself: the next attempt may
     * succeed.
     */
    boolean isRetryable() {
        return status == 408 || status == 425 || status == 429 || status >= 500;
    }

    /**
     * The server may have stored the records nevertheless. A 429 or a 425 means that it did not process the request.
     */
    boolean leavesDoubt() {
        return status == 408 || status >= 500;
    }

    boolean isTooLarge() {
        return status == 413;
    }

    boolean isInvalid() {
        return status == 400 || status == 422;
    }

    /** The request may be accepted if it is sent again without compression. */
    boolean isRefusalOfCompression() {
        return status == 415 && isToCompressedCall;
    }

    /**
     * {@code Retry-After: 120} or {@code Retry-After: Wed, 21 Oct 2026 07:28:00 GMT}; RFC 9110, section 10.2.3. Any
     * other text is ignored.
     */
    static Duration retryAfter(@Nullable String header, Instant now) {
        if (header == null) {
            return Duration.ZERO;
        }
        String text = header.strip();
        if (SECONDS.matcher(text).matches()) {
            return text.length() <= MAX_DIGITS ? limited(Duration.ofSeconds(Long.parseLong(text))) : MAX_WAIT;
        }
        try {
            Instant until = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant();
            return limited(Duration.between(now, until));
        } catch (DateTimeParseException invalid) {
            return Duration.ZERO;
        }
    }

    private static Duration limited(Duration wait) {
        if (wait.isNegative()) {
            return Duration.ZERO;
        }
        return wait.compareTo(MAX_WAIT) > 0 ? MAX_WAIT : wait;
    }
}
