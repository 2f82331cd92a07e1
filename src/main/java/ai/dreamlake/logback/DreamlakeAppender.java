package ai.dreamlake.logback;

import ai.dreamlake.logback.internal.journal.LogFile;
import ai.dreamlake.logback.internal.journal.OpenJournals;
import ai.dreamlake.logback.internal.journal.SpoolFile;
import ai.dreamlake.logback.internal.record.RecordEncoder;
import ai.dreamlake.logback.internal.record.RecordLevel;
import ai.dreamlake.logback.internal.record.RecordSettings;
import ai.dreamlake.logback.internal.session.SessionKeys;
import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.internal.upload.Uploads;
import ch.qos.logback.classic.pattern.ThrowableHandlingConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.CoreConstants;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import ch.qos.logback.core.joran.util.PropertySetter;
import ch.qos.logback.core.status.Status;
import ch.qos.logback.core.util.Duration;
import ch.qos.logback.core.util.FileSize;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/**
 * Writes logging events into Dreamlake sessions: each event becomes one line of JSON in
 * {@code <localPath>/<workspace>/<session>/logs/logs.jsonl}.
 *
 * <pre>{@code
 * <appender name="DREAMLAKE" class="ai.dreamlake.logback.DreamlakeAppender">
 *   <localPath>.dreamlake</localPath>
 *   <workspace>project</workspace>
 *   <session>my-experiment</session>
 * </appender>
 * }</pre>
 *
 * <p>When a logger call returns, its record is in the operating system's hands: killing the process loses nothing. There
 * is no queue, so there is no need for an AsyncAppender around this one. What a power loss takes is the matter of
 * {@link #setFsyncLevel}. A record that cannot be written, as on a full disk, is dropped and counted; the application goes
 * on, and so does the log as soon as it can.
 *
 * <p>Each event goes to the session that the MDC names, or to the configured one; see {@link DreamlakeSession}.
 *
 * <p>Properties are read by {@link #start}: it reports every fault as an ERROR status, and starts nothing if there is one.
 * Setting a property later has no effect before the next start. Appending is thread-safe and happens on the thread that
 * logs; nothing is thrown into it.
 */
public class DreamlakeAppender extends UnsynchronizedAppenderBase<ILoggingEvent> {

    private static final long SMALLEST_RECORD = FileSize.KB_COEFFICIENT;
    private static final long LARGEST_RECORD = 64 * FileSize.MB_COEFFICIENT;

    /** The end of the text that Logback puts in the place of a variable that nobody defined. */
    private static final String UNDEFINED = CoreConstants.UNDEFINED_PROPERTY_SUFFIX;

    private final RecordSettings record = new RecordSettings();
    private String localPath = ".dreamlake";
    private boolean hasLocalPath;
    private String remote;
    private String apiKey;
    private String userName;
    private DreamlakeUpload upload = new DreamlakeUpload();
    private final List<DreamlakeListener> listeners = new CopyOnWriteArrayList<>();
    private String workspace = "default";
    private String session = "default";
    private String workspaceKey = SessionKeys.WORKSPACE;
    private String sessionKey = SessionKeys.SESSION;
    private boolean requireSession;
    private FileSize maxRecordSize = new FileSize(512 * FileSize.KB_COEFFICIENT);
    private int maxOpenSessions = 128;
    private Duration idleTimeout = Duration.buildByMinutes(5);
    private String fsyncLevel = "OFF";

    /** Logback's own words about our properties up to this time, in milliseconds, are judged already. */
    private long judgedUntil;

    /** Null before the first start. It outlives stop, for the statistics and for events that are under way. */
    private volatile RecordWriter writer;

    /**
     * Checks the properties and opens the appender for business. It touches no file and no network: a session's directory
     * is made by its first record.
     */
    @Override
    public void start() {
        if (isStarted()) {
            return;
        }
        Faults faults = new Faults();
        faults.addUnreadable();
        RemoteSettings remoteSettings = new RemoteSettings(remote, apiKey, userName, upload, faults::add);
        boolean isSpool = remote != null && !hasLocalPath;
        Path root = isSpool ? remoteSettings.spool() : root(faults);
        SpoolFile spool = isSpool ? remoteSettings.spoolFile() : null;
        checkNames(faults);
        checkSizes(faults);
        RecordLevel forcedFrom = forcedFrom(faults);
        if (faults.found) {
            return;
        }
        SessionKeys keys = new SessionKeys(workspaceKey, sessionKey, workspace, session);
        record.maxRecordSize = (int) maxRecordSize.getSize();
        if (record.throwableConverter != null && !record.throwableConverter.isStarted()) {
            record.throwableConverter.start();
        }
        Announcer announcer = new Announcer(this, System::nanoTime);
        OpenJournals journals = new OpenJournals(
                root,
                maxOpenSessions,
                TimeUnit.MILLISECONDS.toNanos(idleTimeout.getMilliseconds()),
                "dreamlake-journals-" + getName(),
                announcer::warn,
                System::nanoTime,
                isSpool ? spool : LogFile::new);
        RecordEncoder encoder = new RecordEncoder(record, keys.reserved(), OpenJournals.ROOM_FOR_NUMBER);
        UploadBooks uploadBooks = remote == null ? null : new UploadBooks(announcer, listeners);
        Uploads uploads = remote == null ? null : remoteSettings.uploads(root, spool, uploadBooks, "dreamlake-upload-" + getName());
        writer = new RecordWriter(keys, requireSession, encoder, forcedFrom, journals, announcer, uploads, uploadBooks);
        journals.start();
        if (uploads != null) {
            if (remoteSettings.isPlainHttp()) {
                addWarn("<remote> of appender [" + getName() + "] is plain http: records and token can be read on the way.");
            }
            uploads.start();
        }
        super.start();
    }

    @Override
    protected void append(ILoggingEvent event) {
        writer.append(event);
    }

    /**
     * Waits until all events that were logged before this call are with the server. For the end of a job, where somebody
     * else reads the session next.
     *
     * @return true once the server has them, or has refused them for good; at once where there is no server. False if that
     *     takes longer than the timeout, or if the thread is interrupted, whose flag then stays set
     */
    public boolean awaitDelivery(java.time.Duration timeout) {
        RecordWriter writer = this.writer;
        return writer == null || writer.awaitDelivery(timeout);
    }

    /**
     * Closes all sessions. Events that are under way are still written. Where there is a server, what is not delivered yet
     * gets {@link DreamlakeUpload#setShutdownTimeout some time} for it.
     */
    @Override
    public void stop() {
        if (isStarted()) {
            super.stop();
            writer.close();
        }
    }

    /**
     * What became of the events since the last start, also after a stop; all zero before the first start. Any thread may
     * ask at any time.
     */
    public DreamlakeStatistics getStatistics() {
        RecordWriter writer = this.writer;
        return writer == null ? new Books().snapshot(0, null, 0) : writer.statistics();
    }

    /** Reports what is wrong with the configuration: the property, its value, and the way out. */
    private final class Faults {
        boolean found;

        void add(String property, Object value, String remedy) {
            found = true;
            addError("<" + property + "> of appender [" + getName() + "] is \"" + value + "\": " + remedy);
        }


        /** False, and a fault, where a variable in the configuration has no value, or where there is no text at all. */
        boolean isGiven(String property, String value) {
            if (value == null || value.isBlank()) {
                add(property, value, "give it a value, or leave it out for the default.");
            } else if (value.contains(UNDEFINED)) {
                add(property, value, "define the variable, or give it a default: ${NAME:-default}.");
            } else {
                return true;
            }
            return false;
        }

        /** Logback itself warns of a value that has not the property's type, and goes on with the default. */
        void addUnreadable() {
            if (getContext() == null) {
                return;
            }
            for (Status status : getContext().getStatusManager().getCopyOfStatusList()) {
                if (status.getTimestamp() > judgedUntil
                        && status.getOrigin() instanceof PropertySetter setter
                        && (setter.getObj() == DreamlakeAppender.this || setter.getObj() == upload)
                        && status.getMessage().startsWith("Failed to set")) {
                    found = true;
                    addError(status.getMessage() + "Give it a value of the property's type; see logback-sample.xml.");
                }
            }
            judgedUntil = System.currentTimeMillis();
        }
    }

    private Path root(Faults faults) {
        if (!faults.isGiven("localPath", localPath)) {
            return null;
        }
        try {
            Path root = Path.of(localPath).toAbsolutePath().normalize();
            if (Files.exists(root) && !Files.isDirectory(root)) {
                faults.add("localPath", localPath, "that is a file; name a directory.");
            }
            return root;
        } catch (InvalidPathException fault) {
            faults.add("localPath", localPath, "that is no path here (" + fault.getReason() + "); name a directory.");
            return null;
        }
    }

    private void checkNames(Faults faults) {
        if (faults.isGiven("workspace", workspace) && SessionName.faultOfWorkspace(workspace) != null) {
            faults.add("workspace", workspace, SessionName.faultOfWorkspace(workspace) + "; choose another name.");
        }
        if (faults.isGiven("session", session) && SessionName.faultOfSession(session) != null) {
            faults.add("session", session, SessionName.faultOfSession(session) + "; choose another name.");
        }
        faults.isGiven("workspaceKey", workspaceKey);
        if (faults.isGiven("sessionKey", sessionKey) && sessionKey.equals(workspaceKey)) {
            faults.add("sessionKey", sessionKey, "that is the <workspaceKey>, too; they must differ.");
        }
    }

    private void checkSizes(Faults faults) {
        long size = maxRecordSize == null ? -1 : maxRecordSize.getSize();
        if (size < SMALLEST_RECORD || size > LARGEST_RECORD) {
            faults.add("maxRecordSize", maxRecordSize, "choose a size from 1KB to 64MB.");
        }
        if (maxOpenSessions < 1) {
            faults.add("maxOpenSessions", maxOpenSessions, "choose 1 or more.");
        }
        if (idleTimeout == null || idleTimeout.getMilliseconds() <= 0) {
            faults.add("idleTimeout", idleTimeout, "choose a time above 0, such as \"5 minutes\".");
        }
    }

    private RecordLevel forcedFrom(Faults faults) {
        String level = String.valueOf(fsyncLevel).trim().toUpperCase(Locale.ROOT);
        switch (level) {
            case "OFF":
                return null;
            case "ALL", "TRACE":
                return RecordLevel.DEBUG;
            case "DEBUG", "INFO", "WARN", "ERROR", "FATAL":
                return RecordLevel.valueOf(level);
            default:
                faults.add("fsyncLevel", fsyncLevel, "choose OFF, FATAL, ERROR, WARN, INFO, DEBUG or ALL.");
                return null;
        }
    }

    /**
     * The directory under which sessions lie; a relative path counts from the working directory. Default: .dreamlake; but
     * with a {@link #setRemote remote}, none: then records are on disk only until the server has them.
     */
    public void setLocalPath(String localPath) {
        this.localPath = localPath;
        hasLocalPath = true;
    }

    public String getLocalPath() {
        return localPath;
    }

    /** The base URL of a Dreamlake server. Default: null, nothing is sent. */
    public void setRemote(String remote) {
        this.remote = remote;
    }

    public String getRemote() {
        return remote;
    }

    /** The token that the server knows us by. With a remote, this or a {@link #setUserName user's name} is needed. */
    public void setApiKey(String apiKey) {
        this.apiKey = apiKey;
    }

    /** The user's name, for a server in development mode, which takes a token that is made of nothing else. */
    public void setUserName(String userName) {
        this.userName = userName;
    }

    public String getUserName() {
        return userName;
    }

    /** How records are sent. */
    public DreamlakeUpload getUpload() {
        return upload;
    }

    public void setUpload(DreamlakeUpload upload) {
        this.upload = upload;
    }

    /** Adds somebody who hears what becomes of records on their way to the server. */
    public void addListener(DreamlakeListener listener) {
        listeners.add(listener);
    }

    /** The workspace of events whose MDC names none. Default: default */
    public void setWorkspace(String workspace) {
        this.workspace = workspace;
    }

    public String getWorkspace() {
        return workspace;
    }

    /** The session of events whose MDC names none; a slash nests folders. Default: default */
    public void setSession(String session) {
        this.session = session;
    }

    public String getSession() {
        return session;
    }

    /**
     * The MDC key that names the workspace. A scope opened with {@link DreamlakeSession} counts before it. Default:
     * dreamlake.workspace
     */
    public void setWorkspaceKey(String workspaceKey) {
        this.workspaceKey = workspaceKey;
    }

    public String getWorkspaceKey() {
        return workspaceKey;
    }

    /**
     * The MDC key that names the session, such as the one where a framework puts the name of its job. A scope opened with
     * {@link DreamlakeSession} counts before it. Default: dreamlake.session
     */
    public void setSessionKey(String sessionKey) {
        this.sessionKey = sessionKey;
    }

    public String getSessionKey() {
        return sessionKey;
    }

    /** Whether events whose MDC names no session are passed over. Default: false, they go to {@link #setSession}. */
    public void setRequireSession(boolean requireSession) {
        this.requireSession = requireSession;
    }

    public boolean isRequireSession() {
        return requireSession;
    }

    /** Whether MDC entries become metadata; those that name the session never do. Default: true */
    public void setIncludeMdc(boolean includeMdc) {
        record.includeMdc = includeMdc;
    }

    public boolean isIncludeMdc() {
        return record.includeMdc;
    }

    /** Only the MDC entries added here become metadata. Without any, all do. */
    public void addIncludeMdcKey(String key) {
        record.includeMdcKeys.add(key);
    }

    /** The MDC entries added here do not become metadata. */
    public void addExcludeMdcKey(String key) {
        record.excludeMdcKeys.add(key);
    }

    /** Whether SLF4J's key-value pairs become metadata. Default: true */
    public void setIncludeKeyValues(boolean includeKeyValues) {
        record.includeKeyValues = includeKeyValues;
    }

    public boolean isIncludeKeyValues() {
        return record.includeKeyValues;
    }

    /**
     * Whether {@code log.info("loss={}", 0.5)} also yields metadata {@code {"loss": 0.5}}: a placeholder directly behind
     * {@code name=} or {@code name:}, with or without one space, names its argument. Default: false
     */
    public void setIncludeNamedArguments(boolean includeNamedArguments) {
        record.includeNamedArguments = includeNamedArguments;
    }

    public boolean isIncludeNamedArguments() {
        return record.includeNamedArguments;
    }

    /** Whether the logger's name becomes metadata {@code logger}. Default: false */
    public void setIncludeLoggerName(boolean includeLoggerName) {
        record.includeLoggerName = includeLoggerName;
    }

    public boolean isIncludeLoggerName() {
        return record.includeLoggerName;
    }

    /** Whether the thread's name becomes metadata {@code thread}. Default: false */
    public void setIncludeThreadName(boolean includeThreadName) {
        record.includeThreadName = includeThreadName;
    }

    public boolean isIncludeThreadName() {
        return record.includeThreadName;
    }

    /** Whether the markers' names become metadata {@code markers}, a list. Default: false */
    public void setIncludeMarkers(boolean includeMarkers) {
        record.includeMarkers = includeMarkers;
    }

    public boolean isIncludeMarkers() {
        return record.includeMarkers;
    }

    /** Whether class, method and line of the logger call become metadata {@code caller}. It is slow. Default: false */
    public void setIncludeCallerData(boolean includeCallerData) {
        record.includeCallerData = includeCallerData;
    }

    public boolean isIncludeCallerData() {
        return record.includeCallerData;
    }

    /**
     * Whether an exception's stack trace becomes metadata {@code stack_trace}, beside {@code error_type} and
     * {@code error_message}, which are always there. Default: true
     */
    public void setIncludeStackTrace(boolean includeStackTrace) {
        record.includeStackTrace = includeStackTrace;
    }

    public boolean isIncludeStackTrace() {
        return record.includeStackTrace;
    }

    /** Formats stack traces. Default: null, Logback's own format */
    public void setThrowableConverter(ThrowableHandlingConverter throwableConverter) {
        record.throwableConverter = throwableConverter;
    }

    public ThrowableHandlingConverter getThrowableConverter() {
        return record.throwableConverter;
    }

    /**
     * The longest line, from 1 KB to 64 MB. What is longer is cut and says so: long texts end with a note, other long
     * values are replaced by one, and entries that find no room are counted in an entry {@code dreamlake_cut}. Default:
     * 512 KB
     */
    public void setMaxRecordSize(FileSize maxRecordSize) {
        this.maxRecordSize = maxRecordSize;
    }

    public FileSize getMaxRecordSize() {
        return maxRecordSize;
    }

    /**
     * How many sessions are open at a time, each with two file descriptors; beyond it the least recently used one is
     * closed, and opened again by its next record. Default: 128
     */
    public void setMaxOpenSessions(int maxOpenSessions) {
        this.maxOpenSessions = maxOpenSessions;
    }

    public int getMaxOpenSessions() {
        return maxOpenSessions;
    }

    /** How long a session without records stays open. Default: 5 minutes */
    public void setIdleTimeout(Duration idleTimeout) {
        this.idleTimeout = idleTimeout;
    }

    public Duration getIdleTimeout() {
        return idleTimeout;
    }

    /**
     * Records of this level and above are forced to the device before the logger call returns, and so survive a power
     * loss, too: OFF, FATAL, ERROR, WARN, INFO, DEBUG or ALL. It costs milliseconds for each of them. Default: OFF
     */
    public void setFsyncLevel(String fsyncLevel) {
        this.fsyncLevel = fsyncLevel;
    }

    public String getFsyncLevel() {
        return fsyncLevel;
    }
}
