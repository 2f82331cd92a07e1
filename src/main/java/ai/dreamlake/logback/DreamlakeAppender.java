package ai.dreamlake.logback;

import ai.dreamlake.logback.internal.config.AppenderProperties;
import ai.dreamlake.logback.internal.config.Configuration;
import ai.dreamlake.logback.internal.config.Faults;
import ai.dreamlake.logback.internal.config.FieldProperties;
import ai.dreamlake.logback.internal.config.ProvidedTokens;
import ai.dreamlake.logback.internal.engine.Engine;
import ai.dreamlake.logback.internal.engine.GlobalMetrics;
import ai.dreamlake.logback.internal.engine.StartFailure;
import ai.dreamlake.logback.internal.record.RecordSettings;
import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.internal.upload.UploadListener;
import ch.qos.logback.classic.pattern.ThrowableHandlingConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import ch.qos.logback.core.util.Duration;
import ch.qos.logback.core.util.FileSize;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Writes logging events to Dreamlake sessions: each event becomes one line of JSON in
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
 * <p>When a logger call returns, the operating system has the record: killing the process loses nothing. There is no
 * queue, so do not wrap this appender in an AsyncAppender. {@link #setFsyncLevel} decides what survives a power loss. A
 * record that cannot be written, for example because the disk is full, is dropped and counted. The application goes on,
 * and logging resumes as soon as it can.
 *
 * <p>Each event goes to the session that the MDC names, or to the configured one; see {@link DreamlakeSession}.
 *
 * <p>Where neither a {@link #setRemote remote} nor a {@link #setLocalPath local path} is set, the environment's
 * {@code DREAMLAKE_API_URL}, {@code DREAMLAKE_API_KEY} and {@code DREAMLAKE_LOCAL_PATH} count. An INFO status says
 * which of them were used.
 *
 * <p>{@link #start} reads the properties. It reports each configuration error as an ERROR status; if there is one, the
 * appender does not start. Null is a configuration error, unless it is the property's default. Setting a property after
 * the start has no effect until the next start.
 *
 * <p>Appending is thread-safe, runs on the thread that logs, and throws nothing.
 */
public class DreamlakeAppender extends UnsynchronizedAppenderBase<ILoggingEvent> {

    /**
     * A field that every record has: the {@code <field>} element.
     *
     * <pre>{@code
     * <field>
     *   <name>host</name>
     *   <value>${HOSTNAME}</value>
     * </field>
     * }</pre>
     */
    public static class Field {

        private final FieldProperties properties = new FieldProperties();

        /** For Logback, which creates it where a configuration has the element. */
        public Field() {}

        public Field(String name, String value) {
            setName(name);
            setValue(value);
        }

        /** The key in the metadata. Default: null, which is a configuration error */
        public void setName(@Nullable String name) {
            properties.name = name;
        }

        public @Nullable String getName() {
            return properties.name;
        }

        /** A text. Null or empty: the field is left out. Default: null */
        public void setValue(@Nullable String value) {
            properties.value = value;
        }

        public @Nullable String getValue() {
            return properties.value;
        }
    }

    private final AppenderProperties properties = new AppenderProperties();
    private final RecordSettings record = new RecordSettings();
    private final List<Field> fields = new ArrayList<>();
    private final List<DreamlakeListener> listeners = new CopyOnWriteArrayList<>();
    private final Faults faults = new Faults(this);
    private @Nullable DreamlakeTokenProvider tokenProvider;
    private DreamlakeUpload upload = new DreamlakeUpload();
    private @Nullable DreamlakeLocalRetention localRetention;
    private boolean metricsEnabled;

    /**
     * Null before the first start. Kept after a stop, for the statistics and for events that are still being appended.
     */
    private volatile @Nullable Engine engine;

    /** For Logback, which creates it where a configuration names this class. */
    public DreamlakeAppender() {}

    /**
     * Checks the properties and starts the appender. Reports each configuration error as an ERROR status; if there is
     * one, the appender does not start. Touches neither the network nor any session's files on the calling thread (but
     * see {@link DreamlakeTokenProvider}): a session's directory is created by its first record. Throws nothing.
     */
    @Override
    public void start() {
        if (isStarted()) {
            return;
        }
        try {
            startEngine();
        } catch (Throwable failure) { // nothing that is wrong with a log may keep the application from starting
            addError(StartFailure.describe(failure), failure);
        }
    }

    private void startEngine() {
        Stream<Object> configured = Stream.concat(Stream.of(this), upload.configured());
        faults.begin(
                getName(),
                Stream.concat(configured, Stream.ofNullable(localRetention)).toList());
        Configuration configuration = Configuration.of(properties, upload.properties(), System.getenv(), faults);
        if (configuration == null) {
            return;
        }
        List<Adapter> adapters = listeners.stream().map(Adapter::new).toList();
        engine = Engine.start(String.valueOf(getName()), configuration, record, adapters, this);
        super.start();
        String trouble = metricsEnabled ? GlobalMetrics.bind() : null;
        if (trouble != null) {
            addWarn(trouble);
        }
    }

    @Override
    protected void append(ILoggingEvent event) {
        Engine engine = this.engine;
        if (engine != null) {
            engine.append(event);
        }
    }

    /**
     * Waits until the server has all events that were logged before this call. Use it at the end of a job whose session
     * somebody else reads next.
     *
     * @param timeout how long to wait; zero does not wait
     * @return true once the server has the events or has refused them for good, and at once if no server is configured;
     *     false if the timeout expires or the thread is interrupted (its interrupt flag then stays set)
     */
    public boolean awaitDelivery(java.time.Duration timeout) {
        Engine engine = this.engine;
        return engine == null || engine.awaitDelivery(timeout);
    }

    /**
     * Closes all sessions. Events that are being appended are still written. Returns at once: if a server is
     * configured, daemon threads go on to deliver what is pending, for a few seconds at most; the next appender for the
     * same files and server takes that over. Only while the JVM exits, this waits for pending records, at most for the
     * {@link DreamlakeUpload#setShutdownTimeout shutdown timeout}.
     */
    @Override
    public void stop() {
        Engine engine = this.engine;
        if (isStarted() && engine != null) {
            super.stop();
            engine.stop();
        }
    }

    /**
     * What became of the events since the last start; still available after a stop. All zero before the first start.
     * Any thread may call this at any time.
     */
    public DreamlakeStatistics getStatistics() {
        Engine engine = this.engine;
        return DreamlakeStatistics.of(engine == null ? Engine.NO_COUNTS : engine.counts());
    }

    /** Forwards what upload threads report to an application's listener. */
    private record Adapter(DreamlakeListener listener) implements UploadListener {

        @Override
        public void delivered(SessionName session, long records) {
            listener.delivered(session.workspace(), session.session(), records);
        }

        @Override
        public void retried(SessionName session, String reason, java.time.Duration wait) {
            listener.retried(session.workspace(), session.session(), reason, wait);
        }

        @Override
        public void rejected(SessionName session, long records, String reason) {
            listener.rejected(session.workspace(), session.session(), records, reason);
        }

        @Override
        public void dropped(SessionName session, long records) {
            listener.dropped(session.workspace(), session.session(), records, "the spool was full");
        }

        @Override
        public void parked(SessionName session, String reason, String remedy) {
            listener.parked(session.workspace(), session.session(), reason);
        }
    }

    /**
     * The root directory of all sessions. A relative path is resolved against the working directory. Default:
     * .dreamlake; with a {@link #setRemote remote}, none: then records stay on disk only until the server has them.
     * Empty: the default. Setting null is a configuration error in both cases.
     */
    public void setLocalPath(@Nullable String localPath) {
        properties.localPath = localPath;
        properties.isLocalPathSet = localPath == null || !localPath.isEmpty();
    }

    public @Nullable String getLocalPath() {
        return properties.isLocalPathSet ? properties.localPath : AppenderProperties.DEFAULT_LOCAL_PATH;
    }

    /**
     * The base URL of a Dreamlake server, beginning with http:// or https://. Null or empty: none, nothing is sent.
     * Then an API key or a user name is ignored. Default: null
     */
    public void setRemote(@Nullable String remote) {
        properties.remote = remote;
    }

    public @Nullable String getRemote() {
        return properties.remote;
    }

    /**
     * The token for the server. A remote needs exactly one of this, an {@link #setApiKeyFile API key file}, a
     * {@link #setTokenProvider token provider} and a {@link #setUserName user name}. Null or empty: none. Default: null
     */
    public void setApiKey(@Nullable String apiKey) {
        properties.apiKey = apiKey;
    }

    /**
     * A file that holds the token for the server, for example a secret that Kubernetes mounts; space around the token
     * is removed. A relative path is resolved against the working directory. The file may be missing or empty at the
     * start: records wait until it has a token. It is read again when it changes, and in any case once a minute. Null
     * or empty: none. Default: null
     */
    public void setApiKeyFile(@Nullable String apiKeyFile) {
        properties.apiKeyFile = apiKeyFile;
    }

    public @Nullable String getApiKeyFile() {
        return properties.apiKeyFile;
    }

    /**
     * Supplies the token for the server, if it expires and your code knows how to get a new one. Default: null, none
     */
    public void setTokenProvider(@Nullable DreamlakeTokenProvider tokenProvider) {
        this.tokenProvider = tokenProvider;
        properties.tokenProvider = tokenProvider == null
                ? null
                : new ProvidedTokens(tokenProvider.getClass().getName(), tokenProvider::token);
    }

    public @Nullable DreamlakeTokenProvider getTokenProvider() {
        return tokenProvider;
    }

    /**
     * The user name for a server in development mode, which accepts a token made from the name alone. Null or empty:
     * none. Default: null
     */
    public void setUserName(@Nullable String userName) {
        properties.userName = userName;
    }

    public @Nullable String getUserName() {
        return properties.userName;
    }

    /** How records are sent to the server. */
    public DreamlakeUpload getUpload() {
        return upload;
    }

    /** @throws NullPointerException if null */
    public void setUpload(DreamlakeUpload upload) {
        this.upload = Objects.requireNonNull(upload);
    }

    /** How long closed sessions stay on disk. Default: null, they stay forever */
    public void setLocalRetention(@Nullable DreamlakeLocalRetention localRetention) {
        this.localRetention = localRetention;
        properties.localRetention = localRetention == null ? null : localRetention.properties();
    }

    public @Nullable DreamlakeLocalRetention getLocalRetention() {
        return localRetention;
    }

    /**
     * Adds a listener that is told what happens to records on their way to the server. Takes effect at the next start.
     */
    public void addListener(DreamlakeListener listener) {
        listeners.add(listener);
    }

    /**
     * Whether meters are bound to Micrometer's global registry, see
     * {@link ai.dreamlake.logback.micrometer.DreamlakeMetrics}. Spring Boot binds them to its own registry without
     * this. Default: false
     */
    public void setMetricsEnabled(boolean metricsEnabled) {
        this.metricsEnabled = metricsEnabled;
    }

    public boolean isMetricsEnabled() {
        return metricsEnabled;
    }

    /** The workspace of events whose MDC names none. Empty: the default. Default: "default" */
    public void setWorkspace(@Nullable String workspace) {
        properties.workspace = workspace == null || !workspace.isEmpty() ? workspace : AppenderProperties.DEFAULT_NAME;
    }

    public @Nullable String getWorkspace() {
        return properties.workspace;
    }

    /** The session of events whose MDC names none. A slash nests folders. Empty: the default. Default: "default" */
    public void setSession(@Nullable String session) {
        properties.session = session == null || !session.isEmpty() ? session : AppenderProperties.DEFAULT_NAME;
    }

    public @Nullable String getSession() {
        return properties.session;
    }

    /**
     * The MDC key that names the workspace. A scope opened with {@link DreamlakeSession} takes precedence. Default:
     * dreamlake.workspace
     */
    public void setWorkspaceKey(@Nullable String workspaceKey) {
        properties.workspaceKey = workspaceKey;
    }

    public @Nullable String getWorkspaceKey() {
        return properties.workspaceKey;
    }

    /**
     * The MDC key that names the session, for example the one in which a framework stores its job's name. A scope
     * opened with {@link DreamlakeSession} takes precedence. Must differ from the workspace key. Default:
     * dreamlake.session
     */
    public void setSessionKey(@Nullable String sessionKey) {
        properties.sessionKey = sessionKey;
    }

    public @Nullable String getSessionKey() {
        return properties.sessionKey;
    }

    /** Whether events whose MDC names no session are skipped. Default: false, they go to {@link #setSession}. */
    public void setRequireSession(boolean requireSession) {
        properties.requireSession = requireSession;
    }

    public boolean isRequireSession() {
        return properties.requireSession;
    }

    /**
     * Whether a process that ended without closing a session's log is reported there by the next one, with a record on
     * level {@code fatal}. For that, each process leaves its mark, {@code logs/.writer}, in the sessions that it
     * writes, and removes it when it is done with them. Default: true
     */
    public void setReportCrash(boolean reportCrash) {
        properties.reportCrash = reportCrash;
    }

    public boolean isReportCrash() {
        return properties.reportCrash;
    }

    /** Whether MDC entries become metadata. Those that name the session never do. Default: true */
    public void setIncludeMdc(boolean includeMdc) {
        record.includeMdc = includeMdc;
    }

    public boolean isIncludeMdc() {
        return record.includeMdc;
    }

    /** Adds a key to the only MDC entries that become metadata. Default: none added, all entries do. */
    public void addIncludeMdcKey(String key) {
        record.includeMdcKeys.add(key);
    }

    /** Adds the key of an MDC entry that does not become metadata. */
    public void addExcludeMdcKey(String key) {
        record.excludeMdcKeys.add(key);
    }

    /** The same as {@link #addIncludeMdcKey}, by the name that other encoders use. */
    public void addIncludeMdcKeyName(String key) {
        addIncludeMdcKey(key);
    }

    /** The same as {@link #addExcludeMdcKey}, by the name that other encoders use. */
    public void addExcludeMdcKeyName(String key) {
        addExcludeMdcKey(key);
    }

    /**
     * Whether SLF4J's key-value pairs become metadata; so do the structured arguments and markers of
     * logstash-logback-encoder, 9.0 and later, if it is there. Default: true
     */
    public void setIncludeKeyValues(boolean includeKeyValues) {
        record.includeKeyValues = includeKeyValues;
    }

    public boolean isIncludeKeyValues() {
        return record.includeKeyValues;
    }

    /** The same as {@link #setIncludeKeyValues}, by the name that other encoders use. */
    public void setIncludeKeyValuePairs(boolean includeKeyValuePairs) {
        setIncludeKeyValues(includeKeyValuePairs);
    }

    /**
     * Whether {@code log.info("loss={}", 0.5)} also yields metadata {@code {"loss": 0.5}}: a placeholder directly after
     * {@code name=} or {@code name:}, with or without one space, or after {@code name = }, names its argument. Default:
     * false
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

    /**
     * Whether class, method and line of the logger call become metadata {@code caller}. This is slow. Default: false
     */
    public void setIncludeCallerData(boolean includeCallerData) {
        record.includeCallerData = includeCallerData;
    }

    public boolean isIncludeCallerData() {
        return record.includeCallerData;
    }

    /**
     * Whether an exception's stack trace becomes metadata {@code stack_trace}, in addition to {@code error_type} and
     * {@code error_message}, which are always included. Default: true
     */
    public void setIncludeStackTrace(boolean includeStackTrace) {
        record.includeStackTrace = includeStackTrace;
    }

    public boolean isIncludeStackTrace() {
        return record.includeStackTrace;
    }

    /**
     * Whether modules of Jackson 3 say how the values of their types are written, if the class loader of this library
     * finds them. What they say takes precedence over what this library does, but for numbers, booleans, strings and
     * enums. One that is broken is left out, with a WARN status that names it. Default: true
     */
    public void setIncludeJacksonModules(boolean includeJacksonModules) {
        record.includeJacksonModules = includeJacksonModules;
    }

    public boolean isIncludeJacksonModules() {
        return record.includeJacksonModules;
    }

    /**
     * Adds a field to the metadata of every record, as text. Whatever else gives the record an entry with that name,
     * such as a key-value, takes precedence. Default: none
     */
    public void addField(Field field) {
        fields.add(field);
        properties.fields.add(field.properties);
    }

    public List<Field> getFields() {
        return List.copyOf(fields);
    }

    /**
     * Adds a regular expression. What it matches in the message, in texts of the metadata at any depth, and in stack
     * traces becomes {@code ***} before the record is written anywhere. Keys, numbers and the session's description
     * stay as they are. A text that cannot be searched, because the expression needs too much stack, is replaced as a
     * whole. Default: none
     */
    public void addMask(@Nullable String expression) {
        properties.masks.add(expression);
    }

    /**
     * Adds a metadata key whose value, whatever it is, becomes {@code ***}, at any depth, in upper or lower case. A
     * message that shows the value, too, needs a {@link #addMask mask}. Default: none
     */
    public void addMaskKey(@Nullable String key) {
        properties.maskKeys.add(key);
    }

    /** Formats stack traces; started if it is not. Default: null, Logback's own format */
    public void setThrowableConverter(@Nullable ThrowableHandlingConverter throwableConverter) {
        record.throwableConverter = throwableConverter;
    }

    public @Nullable ThrowableHandlingConverter getThrowableConverter() {
        return record.throwableConverter;
    }

    /**
     * The longest line, from 1 KB to 64 MB. A longer record is cut visibly: long texts end with a note, a note replaces
     * other long values, and an entry {@code dreamlake_cut} counts the entries that do not fit. Default: 512 KB
     */
    public void setMaxRecordSize(@Nullable FileSize maxRecordSize) {
        properties.maxRecordSize = maxRecordSize;
    }

    public @Nullable FileSize getMaxRecordSize() {
        return properties.maxRecordSize;
    }

    /**
     * How many sessions are open at a time, at least 1; each takes three to five file descriptors. The number is never
     * exceeded: above it, a session's first record closes the least recently used session, whose next record opens it
     * again. If the process has no file descriptors left, half as many as are open then stay open until the next start.
     * Default: 128
     */
    public void setMaxOpenSessions(int maxOpenSessions) {
        properties.maxOpenSessions = maxOpenSessions;
    }

    public int getMaxOpenSessions() {
        return properties.maxOpenSessions;
    }

    /**
     * How long a session without records stays open; more than zero. Its next record opens it again. Default: 5 minutes
     */
    public void setIdleTimeout(@Nullable Duration idleTimeout) {
        properties.idleTimeout = idleTimeout;
    }

    public @Nullable Duration getIdleTimeout() {
        return properties.idleTimeout;
    }

    /**
     * How long a record of a burst may wait in {@code logs.jsonl.tail} until it is written into the log together with
     * others. It survives {@code kill -9} there, too. A record that comes after a quiet millisecond is written at once.
     * Zero: every record is written at once. Default: 2 milliseconds; on Windows and on network file systems always
     * zero.
     */
    public void setWriteDelay(@Nullable Duration writeDelay) {
        properties.writeDelay = writeDelay;
    }

    public @Nullable Duration getWriteDelay() {
        return properties.writeDelay;
    }

    /**
     * Records of this level and above are forced to the device before the logger call returns, so they also survive a
     * power loss: OFF, FATAL, ERROR, WARN, INFO, DEBUG or ALL. Each such record costs milliseconds. Default: OFF
     */
    public void setFsyncLevel(@Nullable String fsyncLevel) {
        properties.fsyncLevel = fsyncLevel;
    }

    public @Nullable String getFsyncLevel() {
        return properties.fsyncLevel;
    }
}
