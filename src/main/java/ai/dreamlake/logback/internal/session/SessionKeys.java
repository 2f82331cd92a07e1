package ai.dreamlake.logback.internal.session;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the session that an event belongs to.
 *
 * <p>A scope opened in code comes first, then the MDC entries that the configuration names, then the configured names.
 * Empty entries are ignored.
 *
 * @param workspaceKey MDC key for the workspace
 * @param sessionKey MDC key for the session
 * @param workspace used if the MDC names no workspace
 * @param session used if the MDC names no session
 */
public record SessionKeys(String workspaceKey, String sessionKey, String workspace, String session) {

    /** The MDC keys that a scope opened in code uses. */
    public static final String WORKSPACE = "dreamlake.workspace";

    public static final String SESSION = "dreamlake.session";

    /** The MDC key of {@linkplain SessionDescription#toText a session's description}. */
    public static final String DESCRIPTION = "dreamlake.description";

    /** The MDC key of {@linkplain Scopes a scope's id}. */
    public static final String SCOPE = "dreamlake.scope";

    public String workspaceOf(Map<String, String> mdc) {
        String named = either(mdc, WORKSPACE, workspaceKey);
        return named != null ? named : workspace;
    }

    public String sessionOf(Map<String, String> mdc) {
        String named = either(mdc, SESSION, sessionKey);
        return named != null ? named : session;
    }

    /** Whether the MDC names a session. */
    public boolean isNamed(Map<String, String> mdc) {
        return either(mdc, SESSION, sessionKey) != null;
    }

    private static @Nullable String either(Map<String, String> mdc, String first, String second) {
        String named = mdc.get(first);
        if (named == null || named.isEmpty()) {
            named = mdc.get(second);
        }
        return named == null || named.isEmpty() ? null : named;
    }

    /** The MDC keys that never become metadata. */
    public Set<String> reserved() {
        return new HashSet<>(List.of(WORKSPACE, SESSION, DESCRIPTION, SCOPE, workspaceKey, sessionKey));
    }
}
