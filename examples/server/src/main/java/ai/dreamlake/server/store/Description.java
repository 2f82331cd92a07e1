package ai.dreamlake.server.store;

import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a client says of its session. All but the name is null where the client does not give it, and then stays what it
 * was.
 */
public record Description(
        String name,
        String description,
        List<String> tags,
        String folder,
        ObjectNode metadata,
        Boolean writeProtected) {

    /** A session of which only the name is said. */
    public static Description named(String name) {
        return new Description(name, null, null, null, null, null);
    }
}
