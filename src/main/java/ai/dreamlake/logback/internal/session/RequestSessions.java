package ai.dreamlake.logback.internal.session;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * Decides which session names from strangers are accepted, for example from a header of a web request.
 *
 * <p>A name is accepted if it is the only one, matches the whole pattern, and obeys the rules of {@link SessionName}.
 * The number of different names is limited, since each is a directory, and somebody may try very many. Any other
 * request goes to the default session. No name makes this class throw.
 *
 * <p>Thread-safe. Remembers the accepted names.
 */
public final class RequestSessions {

    public static final String DEFAULT_PATTERN = "[A-Za-z0-9._-]{1,64}";
    public static final int DEFAULT_MAX_SESSIONS = 1000;

    /** No valid name is longer, and matching a longer text may take long. */
    private static final int MAX_LENGTH = 1024;

    private final @Nullable String workspace;
    private final Pattern pattern;
    private final int maxSessions;

    // Guarded by this.
    private final Set<String> accepted = new HashSet<>();
    private boolean isRefusalReported;
    private boolean isLimitReported;

    /**
     * @param workspace the workspace of all sessions; null for the appender's
     * @param pattern a regular expression that names must match
     * @param maxSessions how many different names are accepted
     * @throws IllegalArgumentException if one of them is wrong; the message says which
     */
    public RequestSessions(@Nullable String workspace, String pattern, int maxSessions) {
        String fault = workspace == null ? null : SessionName.faultOfWorkspace(workspace);
        if (fault != null) {
            throw new IllegalArgumentException(fault);
        }
        if (maxSessions < 1) {
            throw new IllegalArgumentException("maxSessions < 1: " + maxSessions);
        }
        this.workspace = workspace;
        this.pattern = compiled(pattern);
        this.maxSessions = maxSessions;
    }

    private static Pattern compiled(String pattern) {
        try {
            return Pattern.compile(pattern);
        } catch (PatternSyntaxException fault) {
            throw new IllegalArgumentException(
                    "pattern \"" + pattern + "\" is not a regular expression: " + fault.getDescription(), fault);
        }
    }

    /**
     * The entries that put a request into its session; null for the default session.
     *
     * @param given the names that the request gives; usually none
     * @param log receives one message for the first refused name, and one when no more names are accepted; they never
     *     contain a name
     */
    public @Nullable MdcEntries choose(List<String> given, Consumer<String> log) {
        if (given.isEmpty()) {
            return null;
        }
        String name = given.get(0);
        if (given.size() > 1 || !isValid(name)) {
            reportRefusal(log);
            return null;
        }
        return accept(name, log) ? new MdcEntries(workspace, name, null, null) : null;
    }

    private boolean isValid(@Nullable String name) {
        try {
            return name != null
                    && name.length() <= MAX_LENGTH
                    && pattern.matcher(name).matches()
                    && SessionName.faultOfSession(name) == null;
        } catch (StackOverflowError tooMuchForThePattern) {
            return false;
        }
    }

    private boolean accept(String name, Consumer<String> log) {
        synchronized (this) {
            if (accepted.contains(name) || accepted.size() < maxSessions) {
                accepted.add(name);
                return true;
            }
            if (isLimitReported) {
                return false;
            }
            isLimitReported = true;
        }
        log.accept("Requests have named " + maxSessions + " different sessions. Other names go to the default session"
                + " from now on. If they are all yours, raise maxSessions.");
        return false;
    }

    private void reportRefusal(Consumer<String> log) {
        synchronized (this) {
            if (isRefusalReported) {
                return;
            }
            isRefusalReported = true;
        }
        log.accept("A request has named a session in a way that is refused, and goes to the default session. A name is"
                + " accepted if it is the only one, matches " + pattern + ", and can be that of a directory. Further"
                + " refusals are not announced.");
    }
}
