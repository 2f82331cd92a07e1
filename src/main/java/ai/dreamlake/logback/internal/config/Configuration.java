package ai.dreamlake.logback.internal.config;

import ai.dreamlake.logback.internal.session.Retention;
import ai.dreamlake.logback.internal.session.SessionKeys;
import ai.dreamlake.logback.internal.session.SessionName;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The checked configuration of an appender.
 *
 * @param root where sessions are stored: the local path, or the spool; absolute
 * @param retention whether logs are kept there once a server has them
 * @param keys how an event's session is found
 * @param requireSession whether events whose MDC names no session are skipped
 * @param maxRecordBytes the maximum length of a line, including its end
 * @param maxOpenSessions how many sessions may be open at a time
 * @param idleTimeout how long a session stays open without a record
 * @param writeDelay how long a record may be staged before it is written into the log; zero to write every record at
 *     once
 * @param fields the values that every record has, by name
 * @param masks patterns whose matches are masked in messages, texts and stack traces
 * @param maskKeys metadata keys whose values are masked, in lower case
 * @param reportCrash whether a process that ends without closing its logs is reported there by the next one
 * @param pulse how often the process's own figures are recorded; null means never
 * @param remote the server, or null if there is none
 * @param localRetention how long closed sessions are kept; null means forever
 */
public record Configuration(
        Path root,
        Retention retention,
        SessionKeys keys,
        boolean requireSession,
        int maxRecordBytes,
        int maxOpenSessions,
        Duration idleTimeout,
        Duration writeDelay,
        FsyncLevel fsyncLevel,
        Map<String, String> fields,
        List<Pattern> masks,
        Set<String> maskKeys,
        boolean reportCrash,
        @Nullable Duration pulse,
        @Nullable RemoteConfiguration remote,
        @Nullable LocalRetention localRetention) {

    /**
     * Checks the properties. Returns null if there is a fault.
     *
     * @param environment the environment variables of the process
     */
    public static @Nullable Configuration of(
            AppenderProperties properties, UploadProperties upload, Map<String, String> environment, Faults faults) {
        Destination destination = Destination.of(properties, environment, faults);
        RemoteConfiguration remote = RemoteConfiguration.of(destination, upload, faults);
        boolean isSpool = destination.isSpool();
        Path root = isSpool ? spool(remote, upload, faults) : localPath(destination, faults);
        SessionKeys keys = keys(properties, faults);
        int maxRecordBytes = faults.size("maxRecordSize", properties.maxRecordSize);
        int maxOpenSessions = faults.atLeastOne("maxOpenSessions", properties.maxOpenSessions);
        Duration idleTimeout = faults.duration(
                "idleTimeout", properties.idleTimeout, 1, "choose a time above 0, such as \"5 minutes\".");
        Duration writeDelay = faults.duration(
                "writeDelay", properties.writeDelay, 0, "choose a time, such as \"2 milliseconds\", or 0.");
        FsyncLevel fsyncLevel = fsyncLevel(properties.fsyncLevel, faults);
        Map<String, String> fields = FieldProperties.judged(properties.fields, faults);
        List<Pattern> masks = MaskText.expressions(properties.masks, faults);
        Set<String> maskKeys = MaskText.keys(properties.maskKeys, faults);
        Duration pulse = pulse(properties.pulse, faults);
        LocalRetention localRetention = properties.localRetention == null
                ? null
                : LocalRetention.of(properties.localRetention, properties.remote != null, isSpool, faults);
        if (faults.found() || root == null || keys == null) {
            return null;
        }
        return new Configuration(
                root,
                isSpool ? Retention.SPOOL : Retention.KEEP,
                keys,
                properties.requireSession,
                maxRecordBytes,
                maxOpenSessions,
                idleTimeout,
                writeDelay,
                fsyncLevel,
                fields,
                masks,
                maskKeys,
                properties.reportCrash,
                pulse,
                remote,
                localRetention);
    }

    private static @Nullable Path spool(@Nullable RemoteConfiguration remote, UploadProperties upload, Faults faults) {
        Path path = directory("spoolPath", upload.spoolPath, faults);
        return path == null || remote == null ? null : remote.spool(path);
    }

    private static @Nullable Path localPath(Destination destination, Faults faults) {
        String given = destination.isLocalPathSet() ? destination.localPath() : AppenderProperties.DEFAULT_LOCAL_PATH;
        return directory("localPath", given, faults);
    }

    /** A directory that exists, or that can be created. Otherwise reports a fault and returns null. */
    private static @Nullable Path directory(String property, @Nullable String given, Faults faults) {
        String text = faults.text(property, given);
        if (text == null) {
            return null;
        }
        Path root;
        try {
            root = Path.of(text).toAbsolutePath().normalize();
        } catch (InvalidPathException fault) {
            faults.add(property, text, "that is not a valid path here (" + fault.getReason() + "); name a directory.");
            return null;
        }
        Path existing = root;
        while (existing != null && !Files.exists(existing)) {
            existing = existing.getParent();
        }
        if (existing != null && !Files.isDirectory(existing)) {
            faults.add(
                    property,
                    text,
                    (existing.equals(root) ? "that" : existing.toString()) + " is a file; name a directory.");
            return null;
        }
        return root;
    }

    private static @Nullable SessionKeys keys(AppenderProperties properties, Faults faults) {
        String workspace = faults.text("workspace", properties.workspace);
        if (workspace != null && SessionName.faultOfWorkspace(workspace) != null) {
            faults.add("workspace", workspace, SessionName.faultOfWorkspace(workspace) + "; choose another name.");
        }
        String session = faults.text("session", properties.session);
        if (session != null && SessionName.faultOfSession(session) != null) {
            faults.add("session", session, SessionName.faultOfSession(session) + "; choose another name.");
        }
        String workspaceKey = faults.text("workspaceKey", properties.workspaceKey);
        String sessionKey = faults.text("sessionKey", properties.sessionKey);
        if (sessionKey != null && sessionKey.equals(workspaceKey)) {
            faults.add("sessionKey", sessionKey, "that is the <workspaceKey>, too; they must differ.");
        }
        return workspaceKey == null || sessionKey == null || workspace == null || session == null
                ? null
                : new SessionKeys(workspaceKey, sessionKey, workspace, session);
    }

    private static @Nullable Duration pulse(ch.qos.logback.core.util.@Nullable Duration given, Faults faults) {
        return given == null || given.getMilliseconds() == 0
                ? null
                : faults.duration(
                        "pulse", given, 1000, "choose a second or more, such as \"10 seconds\", or 0 for none.");
    }

    private static FsyncLevel fsyncLevel(@Nullable String text, Faults faults) {
        String name = String.valueOf(text).trim().toUpperCase(Locale.ROOT);
        try {
            return name.equals("TRACE") ? FsyncLevel.ALL : FsyncLevel.valueOf(name);
        } catch (IllegalArgumentException noLevel) {
            faults.add("fsyncLevel", text, "choose OFF, FATAL, ERROR, WARN, INFO, DEBUG or ALL.");
            return FsyncLevel.OFF;
        }
    }
}
