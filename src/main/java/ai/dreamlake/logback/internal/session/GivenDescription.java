package ai.dreamlake.logback.internal.session;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * All parts of one session's description that any scopes have given so far. For each part (description, tags, folder,
 * metadata) the scope opened last wins. Not thread-safe.
 */
public final class GivenDescription {

    private final SessionName name;
    private final ObjectNode parts = SessionDescription.nothing();
    private final Map<String, Long> givenAt = new HashMap<>();
    private @Nullable String lastText;

    public GivenDescription(SessionName name) {
        this.name = name;
    }

    /** What to write into {@code session.json}. */
    public ObjectNode parts() {
        return parts;
    }

    /**
     * Merges the new parts of a description. Repeating the same text, as nearly every event does, costs next to
     * nothing.
     *
     * @param text made by {@link SessionDescription#toText}. The description of another session is ignored: it is in
     *     the MDC if somebody names this session inside a scope of the other one
     * @return whether anything was new
     * @throws IllegalArgumentException if the text is not a description; thrown only once if the text is repeated
     */
    public boolean learn(String text) {
        if (text.equals(lastText)) {
            return false;
        }
        lastText = text;
        SessionDescription given = SessionDescription.parse(text);
        boolean isNew = false;
        if (given.session().equals(name.toString())) {
            for (Map.Entry<String, JsonNode> part : given.given().properties()) {
                if (given.opened() > givenAt.getOrDefault(part.getKey(), Long.MIN_VALUE)) {
                    givenAt.put(part.getKey(), given.opened());
                    parts.set(part.getKey(), part.getValue());
                    isNew = true;
                }
            }
        }
        return isNew;
    }
}
