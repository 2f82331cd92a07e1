package ai.dreamlake.logback.internal.session;

import ai.dreamlake.logback.internal.io.Digests;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The name of a session: its workspace, and its own name, in which {@code /} nests folders.
 *
 * <p>Names become directories, so each segment (the workspace, and each part of the session's name between slashes)
 * follows these rules:
 *
 * <ul>
 *   <li>It is not blank and takes at most 255 bytes in UTF-8; a session's whole name takes at most 1024.
 *   <li>It does not begin with a dot: {@code .} and {@code ..} point elsewhere, and Dreamlake's hidden files are next
 *       to nested sessions.
 *   <li>It has no backslash, control character or lone surrogate. If the backslash separates paths, it also has nothing
 *       else that Windows refuses or silently drops.
 *   <li>It is a possible file name under the JVM's locale.
 *   <li>After the first slash, it is not a name that a session directory uses itself, such as {@code logs}.
 *   <li>It does not end like a name from {@link #safe}, so that no name equals the safe form of another.
 * </ul>
 */
public record SessionName(String workspace, String session) {

    private static final int MAX_SEGMENT_BYTES = 255;
    private static final int MAX_SESSION_BYTES = 1024;
    private static final int MAX_READABLE_CHARS = 64;

    /** Names that a session directory uses itself. */
    private static final Set<String> RESERVED =
            Set.of("logs", "tracks", "files", "session.json", "session.json.damaged", "parameters.json");

    /** Ends with 128 bits of SHA-256, so that no two names share one. */
    private static final Pattern MADE_SAFE = Pattern.compile(".*~[0-9a-f]{32}", Pattern.DOTALL);

    private static final Pattern REFUSED_BY_WINDOWS =
            Pattern.compile(".*[:*?\"<>|].*|.*[. ]|(?i:con|prn|aux|nul|com\\d|lpt\\d)(\\..*)?");

    /**
     * Checks a name from code.
     *
     * @throws IllegalArgumentException if a name is null or breaks a rule; the message says which
     */
    public static SessionName of(String workspace, String session) {
        String fault = fault(workspace, session);
        if (fault != null) {
            throw new IllegalArgumentException(fault);
        }
        return new SessionName(workspace, session);
    }

    /** What is wrong with a name, or null if it is valid. */
    public static @Nullable String fault(@Nullable String workspace, @Nullable String session) {
        String fault = faultOfWorkspace(workspace);
        return fault == null ? faultOfSession(session) : fault;
    }

    /**
     * Accepts any name from outside, such as the MDC. A name that breaks a rule is replaced by a readable part and the
     * name's digest. The same name always gets the same replacement, and different names get different ones.
     */
    public static SessionName safe(String workspace, String session) {
        return new SessionName(
                faultOfWorkspace(workspace) == null ? workspace : madeSafe(workspace),
                faultOfSession(session) == null ? session : madeSafe(session));
    }

    /** What is wrong with the name of a workspace, or null if it is valid. */
    public static @Nullable String faultOfWorkspace(@Nullable String workspace) {
        if (workspace != null && workspace.indexOf('/') >= 0) {
            return "workspace " + quoted(workspace) + " has a slash: only session names nest";
        }
        return faultOfSegment("workspace", workspace);
    }

    /** What is wrong with the name of a session, or null if it is valid. */
    public static @Nullable String faultOfSession(@Nullable String session) {
        if (session == null) {
            return "session is null";
        }
        if (session.length() > MAX_SESSION_BYTES || utf8Length(session) > MAX_SESSION_BYTES) {
            return "session takes more than " + MAX_SESSION_BYTES + " bytes: " + quoted(session);
        }
        int start = 0;
        while (true) {
            int slash = session.indexOf('/', start);
            String segment = session.substring(start, slash < 0 ? session.length() : slash);
            String fault = faultOfSegment("session", segment);
            if (fault == null && start > 0 && RESERVED.contains(segment)) {
                fault = "session " + quoted(session) + " has a segment " + quoted(segment)
                        + ", which Dreamlake reserves inside a session";
            }
            if (fault != null || slash < 0) {
                return fault;
            }
            start = slash + 1;
        }
    }

    private static @Nullable String faultOfSegment(String kind, @Nullable String segment) {
        return faultOfSegment(kind, segment, File.separatorChar == '\\');
    }

    static @Nullable String faultOfSegment(String kind, @Nullable String segment, boolean onWindows) {
        if (segment == null) {
            return kind + " is null";
        }
        if (segment.isBlank()) {
            return kind + " is blank, or has a blank segment";
        }
        if (segment.length() > MAX_SEGMENT_BYTES || utf8Length(segment) > MAX_SEGMENT_BYTES) {
            return kind + " has a segment of more than " + MAX_SEGMENT_BYTES + " bytes: " + quoted(segment);
        }
        if (segment.charAt(0) == '.') {
            return kind + " segment " + quoted(segment) + " begins with a dot";
        }
        for (int i = 0; i < segment.length(); i++) {
            if (!isAllowed(segment, i)) {
                return String.format(
                        Locale.ROOT,
                        "%s segment %s has a character that no name may have: U+%04X",
                        kind,
                        quoted(segment),
                        (int) segment.charAt(i));
            }
        }
        if (onWindows && REFUSED_BY_WINDOWS.matcher(segment).matches()) {
            return kind + " segment " + quoted(segment) + " cannot be the name of a directory on Windows";
        }
        if (!hasPath(segment)) {
            return kind + " segment " + quoted(segment)
                    + " has characters that file names cannot have here: the JVM was started" + " with a locale for "
                    + System.getProperty("sun.jnu.encoding");
        }
        if (MADE_SAFE.matcher(segment).matches()) {
            return kind + " segment " + quoted(segment) + " ends with ~ and 32 hex digits, as only replaced names do";
        }
        return null;
    }

    /** Whether file names can have these characters. Under LANG=C, as in many containers, only ASCII can. */
    private static boolean hasPath(String segment) {
        try {
            return !Path.of(segment).toString().isEmpty();
        } catch (InvalidPathException notHere) {
            return false;
        }
    }

    private static boolean isAllowed(String segment, int index) {
        char character = segment.charAt(index);
        if (Character.isHighSurrogate(character)) {
            return index + 1 < segment.length() && Character.isLowSurrogate(segment.charAt(index + 1));
        }
        if (Character.isLowSurrogate(character)) {
            return index > 0 && Character.isHighSurrogate(segment.charAt(index - 1));
        }
        return character != '\\' && !Character.isISOControl(character) && character != 0x2028 && character != 0x2029;
    }

    private static String madeSafe(String name) {
        return readablePart(String.valueOf(name)) + "~" + Digests.shortHex(utf16(String.valueOf(name)));
    }

    /** Keeps ASCII letters, digits, dashes and dots (but none at the start); underscores replace the rest. */
    private static String readablePart(String name) {
        String beginning = name.substring(0, Math.min(name.length(), MAX_READABLE_CHARS));
        return beginning.replaceAll("[^A-Za-z0-9.-]", "_").replaceAll("^\\.+", "_");
    }

    /** UTF-16, unlike UTF-8, keeps different lone surrogates different. */
    private static byte[] utf16(String name) {
        byte[] bytes = new byte[2 * name.length()];
        for (int i = 0; i < name.length(); i++) {
            bytes[2 * i] = (byte) (name.charAt(i) >> 8);
            bytes[2 * i + 1] = (byte) name.charAt(i);
        }
        return bytes;
    }

    private static int utf8Length(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }

    /** A short identifier, the same for the same name everywhere. */
    public String digest() {
        return Digests.shortHex(utf16(toString()));
    }

    /** The name for messages: shortened, and without control characters. */
    private static String quoted(String name) {
        String shown = name.length() <= 80 ? name : name.substring(0, 80) + "…";
        return "\"" + shown.replaceAll("[\\p{Cntrl}\u2028\u2029]", "?") + "\"";
    }

    // Written by hand: generated ones are linked at their first call, and a StackOverflowError there would break them
    // for good.

    @Override
    public boolean equals(Object other) {
        return this == other
                || other instanceof SessionName name
                        && session.equals(name.session)
                        && workspace.equals(name.workspace);
    }

    @Override
    public int hashCode() {
        return 31 * workspace.hashCode() + session.hashCode();
    }

    @Override
    public String toString() {
        return workspace + "/" + session;
    }
}
