package ai.dreamlake.logback.internal.session;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * Decides which of the session names that strangers give are taken: in a header of a web request, for example.
 *
 * <p>A name is taken if it is the only one, matches the pattern as a whole, and obeys the rules of {@link SessionName}.
 * The number of different names is limited: each is a directory, and somebody may try all of them. What is not taken
 * goes to the default session. Throws nothing, whatever is given.
 *
 * <p>Thread-safe. Remembers the names that were taken.
 */
public final class RequestSessions {

    public static final String DEFAULT_PATTERN = "[A-Za-z0-9._-]{1,64}";
    public static final int DEFAULT_MAX_SESSIONS = 1000;

    /** No valid name is longer, and a pattern may take its time. */
    private static final int MAX_LENGTH = 1024;

    private final @Nullable String workspace;
    private final Pattern pattern;
    private final int maxSessions;

    // Guarded by this.
    private final Set<String> taken = new HashSet<>();
    private boolean isRefusalTold;
    private boolean isLimitTold;

    /**
     * @param workspace of all sessions; null for the appender's
     * @param pattern of names, a regular expression
     * @param maxSessions how many different names are taken
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
                    "pattern \"" + pattern + "\" is no regular expression: " + fault.getDescription(), fault);
        }
    }

    /**
     * What puts a request into its session, or null for the default session.
     *
     * @param given the names that the request gives; none is usual
     * @param log told of the first name that is refused, and when no more are taken; never a name
     */
    public @Nullable MdcEntries choose(List<String> given, Consumer<String> log) {
        if (given.isEmpty()) {
            return null;
        }
        String name = given.get(0);
        if (given.size() > 1 || !isValid(name)) {
            tellRefusal(log);
            return null;
        }
        return take(name, log) ? new MdcEntries(workspace, name, null, null) : null;
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

    private boolean take(String name, Consumer<String> log) {
        synchronized (this) {
            if (taken.contains(name) || taken.size() < maxSessions) {
                taken.add(name);
                return true;
            }
            if (isLimitTold) {
                return false;
            }
            isLimitTold = true;
        }
        log.accept("Requests have named " + maxSessions + " different sessions. Other names go to the default session"
                + " from now on. If they are all yours, raise maxSessions.");
        return false;
    }

    private void tellRefusal(Consumer<String> log) {
        synchronized (this) {
            if (isRefusalTold) {
                return;
            }
            isRefusalTold = true;
        }
        log.accept("A request has named a session in a way that is refused, and goes to the default session. A name is"
                + " taken if it is the only one, matches " + pattern + ", and can be that of a directory. Others that"
                + " are refused are not told.");
    }
}
