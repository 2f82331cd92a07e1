package ai.dreamlake.logback.internal.session;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.atomic.AtomicLong;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a session says of itself in {@code session.json}, as far as it is given: what is not given leaves alone what
 * stands there.
 *
 * <p>It travels in the MDC as JSON text. So it goes wherever the session's name goes, and no list of open sessions is
 * needed anywhere:
 *
 * <pre>
 *   {"session": "project/run", "opened": 1761733800000000, "description": "…", "tags": ["…"], "folder": "/…", "metadata": {…}}
 * </pre>
 *
 * @param session {@link SessionName#toString} of the session that it describes
 * @param opened when it was given, in microseconds; of two descriptions of one session the later one counts. It grows
 *     from one description to the next, also within a microsecond
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
        return new SessionDescription(name.toString(), LAST_OPENED.updateAndGet(last -> Math.max(last + 1, now)), given);
    }

    public static ObjectNode nothing() {
        return JSON.createObjectNode();
    }

    /**
     * Any value as JSON.
     *
     * @throws IllegalArgumentException if it has no JSON form
     */
    public static JsonNode json(String what, Object value) {
        try {
            // Through text: a tree would keep NaN as a number, which JSON does not have.
            return JSON.readTree(JSON.writeValueAsString(value));
        } catch (JacksonException | StackOverflowError fault) {
            throw new IllegalArgumentException(what + " cannot be written as JSON: " + fault.getMessage(), fault);
        }
    }

    /** The text for the MDC. */
    public String toText() {
        return JSON.createObjectNode().put(SESSION, session).put(OPENED, opened).setAll(given).toString();
    }

    /**
     * Reads {@link #toText} back.
     *
     * @throws IllegalArgumentException if the text is something else
     */
    public static SessionDescription parse(String text) {
        try {
            if (JSON.readTree(text) instanceof ObjectNode object && object.path(OPENED).isIntegralNumber()
                    && object.path(SESSION).isString()) {
                return new SessionDescription(object.remove(SESSION).stringValue(), object.remove(OPENED).asLong(), object);
            }
        } catch (JacksonException fault) {
            throw new IllegalArgumentException("no session description: " + fault.getOriginalMessage(), fault);
        }
        throw new IllegalArgumentException("no session description: it lacks \"" + SESSION + "\" or \"" + OPENED + "\"");
    }
}
