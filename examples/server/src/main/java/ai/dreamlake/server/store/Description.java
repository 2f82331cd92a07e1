package ai.dreamlake.server.store;

import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/**
 * A client's description of its session. All fields except the name are null if the client does not give them; then
 * they keep their previous values.
 */
public record Description(
        String name,
        String description,
        List<String> tags,
        String folder,
        ObjectNode metadata,
        Boolean writeProtected) {

    /** A session of which only the name is given. */
    public static Description named(String name) {
        return new Description(name, null, null, null, null, null);
    }
}
