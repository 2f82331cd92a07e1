package ai.dreamlake.logback.internal.session;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The parts of a session's {@code session.json} that a scope gives. Parts that are not given stay as they are in the
 * file.
 *
 * <p>The MDC carries it as JSON text. So it goes wherever the session's name goes, and nothing needs a list of open
 * sessions:
 *
 * <pre>
 *   {"session": "project/run", "opened": 1761733800000000, "description": "…", "tags": ["…"], "folder": "/…", "metadata": {…}}
 * </pre>
 *
 * @param session {@link SessionName#toString} of the described session
 * @param opened when it was given, in microseconds since the epoch. Of two descriptions of one session the later one
 *     wins. Strictly increasing from one description to the next, even within a microsecond
 * @param given any of {@code description}, {@code tags}, {@code folder} and {@code metadata}
 */
public record SessionDescription(String session, long opened, ObjectNode given) {

    private static final JsonMapper JSON = new JsonMapper();
    private static final String SESSION = "session";
    private static final String OPENED = "opened";
    private static final AtomicLong LAST_OPENED = new AtomicLong();

    /** A description given now. */
    public static SessionDescription of(SessionName name, ObjectNode given) {
        long now = ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
        return new SessionDescription(
                name.toString(), LAST_OPENED.updateAndGet(last -> Math.max(last + 1, now)), given);
    }

    public static ObjectNode nothing() {
        return JSON.createObjectNode();
    }

    /**
     * Converts any value to JSON.
     *
     * @param what the value's name, for the exception
     * @throws IllegalArgumentException if it has no JSON form
     */
    public static JsonNode json(String what, @Nullable Object value) {
        try {
            // Through text: a tree would keep NaN as a number, which JSON does not allow.
            return JSON.readTree(JSON.writeValueAsString(value));
        } catch (JacksonException | StackOverflowError fault) {
            throw new IllegalArgumentException(what + " cannot be written as JSON: " + fault.getMessage(), fault);
        }
    }

    /** The text for the MDC. */
    public String toText() {
        return JSON.createObjectNode()
                .put(SESSION, session)
                .put(OPENED, opened)
                .setAll(given)
                .toString();
    }

    /**
     * Reads {@link #toText} back.
     *
     * @throws IllegalArgumentException if the text is not a description
     */
    public static SessionDescription parse(String text) {
        try {
            if (JSON.readTree(text) instanceof ObjectNode object
                    && object.path(OPENED).isIntegralNumber()
                    && object.path(SESSION).isString()) {
                return new SessionDescription(
                        object.remove(SESSION).stringValue(),
                        object.remove(OPENED).asLong(),
                        object);
            }
        } catch (JacksonException fault) {
            throw new IllegalArgumentException("not a session description: " + fault.getOriginalMessage(), fault);
        }
        throw new IllegalArgumentException(
                "not a session description: it lacks \"" + SESSION + "\" or \"" + OPENED + "\"");
    }
}
