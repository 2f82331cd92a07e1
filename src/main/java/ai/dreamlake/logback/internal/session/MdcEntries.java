package ai.dreamlake.logback.internal.session;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * The MDC entries that name a session in code; each may be null.
 *
 * @param scope the id of the scope that put the others there, see {@link Scopes}; null if a framework put them there
 */
public record MdcEntries(
        @Nullable String workspace,
        @Nullable String session,
        @Nullable String description,
        @Nullable String scope) {

    public static final MdcEntries NONE = new MdcEntries(null, null, null, null);

    /** The entries of the current thread. */
    public static MdcEntries ofThread() {
        return new MdcEntries(
                MDC.get(SessionKeys.WORKSPACE),
                MDC.get(SessionKeys.SESSION),
                MDC.get(SessionKeys.DESCRIPTION),
                MDC.get(SessionKeys.SCOPE));
    }

    /** The entries of an event. */
    public static MdcEntries of(Map<String, String> mdc) {
        return new MdcEntries(
                mdc.get(SessionKeys.WORKSPACE),
                mdc.get(SessionKeys.SESSION),
                mdc.get(SessionKeys.DESCRIPTION),
                mdc.get(SessionKeys.SCOPE));
    }

    public boolean isEmpty() {
        return workspace == null && session == null && description == null && scope == null;
    }

    /** The same names, put there by another scope, or by none. */
    public MdcEntries withScope(@Nullable String scope) {
        return new MdcEntries(workspace, session, description, scope);
    }

    /** Makes these the entries of the current thread. */
    public void toThread() {
        put(SessionKeys.WORKSPACE, workspace);
        put(SessionKeys.SESSION, session);
        put(SessionKeys.DESCRIPTION, description);
        put(SessionKeys.SCOPE, scope);
    }

    private static void put(String key, @Nullable String value) {
        if (value == null) {
            MDC.remove(key);
        } else {
            MDC.put(key, value);
        }
    }

    /** A copy of an event's MDC with these entries in place of its own. */
    public Map<String, String> in(Map<String, String> mdc) {
        Map<String, String> copy = new HashMap<>(mdc);
        put(SessionKeys.WORKSPACE, workspace, copy);
        put(SessionKeys.SESSION, session, copy);
        put(SessionKeys.DESCRIPTION, description, copy);
        put(SessionKeys.SCOPE, scope, copy);
        return copy;
    }

    private static void put(String key, @Nullable String value, Map<String, String> mdc) {
        if (value == null) {
            mdc.remove(key);
        } else {
            mdc.put(key, value);
        }
    }
}
