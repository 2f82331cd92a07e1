package ai.dreamlake.logback.internal.session;

import java.util.HashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * All that was given of one session's description so far, by whatever scopes: for each part (description, tags, folder,
 * metadata) the scope that was opened last counts. Not synchronized.
 */
public final class GivenDescription {

    private final SessionName name;
    private final ObjectNode parts = SessionDescription.nothing();
    private final Map<String, Long> givenAt = new HashMap<>();
    private String lastText;

    public GivenDescription(SessionName name) {
        this.name = name;
    }

    /** What to write into {@code session.json}. */
    public ObjectNode parts() {
        return parts;
    }

    /**
     * Takes what is new in a description. The same text again, as nearly every event has it, costs next to nothing.
     *
     * @param text what {@link SessionDescription#toText} made; one of another session, left in the MDC by somebody who named
     *     this one inside its scope, gives nothing
     * @return whether there was anything new
     * @throws IllegalArgumentException if the text is something else; once
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
