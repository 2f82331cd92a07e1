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
 * <p>If neither a {@link #setRemote remote} nor a {@link #setLocalPath local path} is set, the appender reads the
 * environment variables {@code DREAMLAKE_API_URL}, {@code DREAMLAKE_API_KEY} and {@code DREAMLAKE_LOCAL_PATH}. An INFO
 * status says which of them it used.
 *
 * <p>The setters only store; {@link #start} reads and checks the properties. It reports each configuration error as an
 * ERROR status, and if there is one, the appender does not start. Null is a configuration error, unless it is the
 * property's default. Setting a property after the start has no effect until the next start. Set properties on one
 * thread.
 *
 * <p>Appending is thread-safe, runs on the thread that logs, and throws nothing.
 *
 * @since 0.1.0
 */
public class DreamlakeAppender extends UnsynchronizedAppenderBase<ILoggingEvent> {

    /**
     * A field of every record: the {@code <field>} element.
     *
     * <pre>{@code
     * <field>
     *   <name>host</name>
     *   <value>${HOSTNAME}</value>
     * </field>
     * }</pre>
     *
     * @since 0.2.0
     */
    public static class Field {

        private final FieldProperties properties = new FieldProperties();

        /** Creates a field without a name. Logback calls this for each {@code <field>} element. */
        public Field() {}

        /**
         * Creates a field.
         *
         * @param name as in {@link #setName}
         * @param value as in {@link #setValue}
         */
        public Field(String name, String value) {
            setName(name);
            setValue(value);
        }

        /**
         * Sets the key in the metadata.
         *
         * @param name the key. Null and blank are configuration errors. Default: null
         */
        public void setName(@Nullable String name) {
            properties.name = name;
        }

        /** {@return the key in the metadata, or null if it is not set} */
        public @Nullable String getName() {
            return properties.name;
        }

        /**
         * Sets the text that the records show.
         *
         * @param value the text. Null or blank: the field is left out. Default: null
         */
        public void setValue(@Nullable String value) {
            properties.value = value;
        }

        /** {@return the text, or null if it is not set} */
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

    /** Creates a stopped appender with the default of each property. Logback calls this. */
    public DreamlakeAppender() {}

    /**
     * Checks the properties and starts the appender. Reports each configuration error as an ERROR status; if there is
     * one, the appender does not start. Has no effect on a started appender.
     *
     * <p>Touches neither the network nor any session's files on the calling thread: a session's first record creates
     * its directory. It may call a {@link DreamlakeTokenProvider}, though. Throws nothing.
     */
    @Override
    public void start() {
        if (isStarted()) {
            return;
        }
        try {
            startEngine();
        } catch (Throwable failure) { // no failure of logging may keep the application from starting
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
     * somebody else reads next. Any thread may call this at any time.
     *
     * @param timeout how long to wait; zero or less does not wait
     * @return true once none of the events waits any more: the server has them or has refused them for good, or they
     *     are lost and counted. True at once if no server is configured or the appender was never started; false if the
     *     timeout expires or the thread is interrupted (its interrupt flag then stays set)
     */
    public boolean awaitDelivery(java.time.Duration timeout) {
        Engine engine = this.engine;
        return engine == null || engine.awaitDelivery(timeout);
    }

    /**
     * Closes all sessions. Events that are being appended are still written. Has no effect on a stopped appender.
     *
     * <p>Returns at once. If a server is configured, daemon threads go on delivering pending records for a few seconds
     * at most; the next appender for the same files and server takes the rest over. Only while the JVM exits does this
     * wait for pending records, at most for the {@link DreamlakeUpload#setShutdownTimeout shutdown timeout}.
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
     * Counts what became of the events since the last start. Any thread may call this at any time.
     *
     * @return a snapshot; still available after a stop, and all zero before the first start
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
     * Sets the root directory of all sessions. Default: {@code .dreamlake}; with a {@link #setRemote remote}, there is
     * none: records are on disk only until the server has them.
     *
     * @param localPath a relative path is resolved against the working directory. Empty: the default. Null is a
     *     configuration error
     */
    public void setLocalPath(@Nullable String localPath) {
        properties.localPath = localPath;
        properties.isLocalPathSet = localPath == null || !localPath.isEmpty();
    }

    /** {@return the root directory of all sessions; {@code .dreamlake} if it is not set, null if it was set to null} */
    public @Nullable String getLocalPath() {
        return properties.isLocalPathSet ? properties.localPath : AppenderProperties.DEFAULT_LOCAL_PATH;
    }

    /**
     * Sets the Dreamlake server that gets the records. Without one, nothing is sent, and tokens and user name are
     * ignored.
     *
     * @param remote the base URL, beginning with http:// or https://. Null or empty: none. Default: null
     */
    public void setRemote(@Nullable String remote) {
        properties.remote = remote;
    }

    /** {@return the server's base URL, or null if there is none} */
    public @Nullable String getRemote() {
        return properties.remote;
    }

    /**
     * Sets the token for the server. A remote needs exactly one of this, an {@link #setApiKeyFile API key file}, a
     * {@link #setTokenProvider token provider} and a {@link #setUserName user name}. There is no getter: the token is
     * never shown.
     *
     * @param apiKey the token. Null or empty: none. Default: null
     */
    public void setApiKey(@Nullable String apiKey) {
        properties.apiKey = apiKey;
    }

    /**
     * Sets the file that holds the token for the server, for example a secret that Kubernetes mounts. Space around the
     * token is removed.
     *
     * <p>The file may be missing or empty at the start: records wait until it has a token. It is read again when it
     * changes, and at least once a minute.
     *
     * @param apiKeyFile a relative path is resolved against the working directory. Null or empty: none. Default: null
     * @since 0.2.0
     */
    public void setApiKeyFile(@Nullable String apiKeyFile) {
        properties.apiKeyFile = apiKeyFile;
    }

    /**
     * {@return the file that holds the token, or null if there is none}
     *
     * @since 0.2.0
     */
    public @Nullable String getApiKeyFile() {
        return properties.apiKeyFile;
    }

    /**
     * Sets the object that supplies the token for the server, for tokens that expire.
     *
     * @param tokenProvider supplies the token. Null: none. Default: null
     * @since 0.2.0
     */
    public void setTokenProvider(@Nullable DreamlakeTokenProvider tokenProvider) {
        this.tokenProvider = tokenProvider;
        properties.tokenProvider = tokenProvider == null
                ? null
                : new ProvidedTokens(tokenProvider.getClass().getName(), tokenProvider::token);
    }

    /**
     * {@return the object that supplies the token, or null if there is none}
     *
     * @since 0.2.0
     */
    public @Nullable DreamlakeTokenProvider getTokenProvider() {
        return tokenProvider;
    }

    /**
     * Sets the user name for a server in development mode, which accepts a token made from the name alone.
     *
     * @param userName the name. Null or empty: none. Default: null
     */
    public void setUserName(@Nullable String userName) {
        properties.userName = userName;
    }

    /** {@return the user name, or null if there is none} */
    public @Nullable String getUserName() {
        return properties.userName;
    }

    /** {@return how records are sent to the server} */
    public DreamlakeUpload getUpload() {
        return upload;
    }

    /**
     * Sets how records are sent to the server. Default: a {@link DreamlakeUpload} with its defaults
     *
     * @param upload used only if a {@link #setRemote remote} is set
     * @throws NullPointerException if {@code upload} is null
     */
    public void setUpload(DreamlakeUpload upload) {
        this.upload = Objects.requireNonNull(upload);
    }

    /**
     * Sets how long closed sessions stay on disk.
     *
     * @param localRetention the limits. Null: sessions stay forever. Default: null
     * @since 0.2.0
     */
    public void setLocalRetention(@Nullable DreamlakeLocalRetention localRetention) {
        this.localRetention = localRetention;
        properties.localRetention = localRetention == null ? null : localRetention.properties();
    }

    /**
     * {@return how long closed sessions stay on disk; null: forever}
     *
     * @since 0.2.0
     */
    public @Nullable DreamlakeLocalRetention getLocalRetention() {
        return localRetention;
    }

    /**
     * Adds a listener that is notified of what happens to records on their way to the server. There may be several.
     * Takes effect at the next start.
     *
     * @param listener called by upload threads, several of them at once
     */
    public void addListener(DreamlakeListener listener) {
        listeners.add(Objects.requireNonNull(listener, "listener"));
    }

    /**
     * Sets whether the start binds meters to Micrometer's global registry, see
     * {@link ai.dreamlake.logback.micrometer.DreamlakeMetrics}. Spring Boot binds them to its own registry without
     * this. If Micrometer is missing, a WARN status says so, and the appender starts.
     *
     * @param metricsEnabled default: false
     * @since 0.2.0
     */
    public void setMetricsEnabled(boolean metricsEnabled) {
        this.metricsEnabled = metricsEnabled;
    }

    /**
     * {@return whether the start binds meters to Micrometer's global registry}
     *
     * @since 0.2.0
     */
    public boolean isMetricsEnabled() {
        return metricsEnabled;
    }

    /**
     * Sets the workspace of events whose MDC names none.
     *
     * @param workspace a directory name. Empty: the default. Default: "default"
     */
    public void setWorkspace(@Nullable String workspace) {
        properties.workspace = workspace == null || !workspace.isEmpty() ? workspace : AppenderProperties.DEFAULT_NAME;
    }

    /** {@return the workspace of events whose MDC names none; null if it was set to null} */
    public @Nullable String getWorkspace() {
        return properties.workspace;
    }

    /**
     * Sets the session of events whose MDC names none.
     *
     * @param session a directory name, or several nested ones, separated by slashes. Empty: the default. Default:
     *     "default"
     */
    public void setSession(@Nullable String session) {
        properties.session = session == null || !session.isEmpty() ? session : AppenderProperties.DEFAULT_NAME;
    }

    /** {@return the session of events whose MDC names none; null if it was set to null} */
    public @Nullable String getSession() {
        return properties.session;
    }

    /**
     * Sets the MDC key that names the workspace. A scope opened with {@link DreamlakeSession} takes precedence.
     *
     * @param workspaceKey default: {@code dreamlake.workspace}
     */
    public void setWorkspaceKey(@Nullable String workspaceKey) {
        properties.workspaceKey = workspaceKey;
    }

    /** {@return the MDC key that names the workspace; null if it was set to null} */
    public @Nullable String getWorkspaceKey() {
        return properties.workspaceKey;
    }

    /**
     * Sets the MDC key that names the session, for example the one in which a framework stores its job's name. A scope
     * opened with {@link DreamlakeSession} takes precedence.
     *
     * @param sessionKey must differ from the workspace key. Default: {@code dreamlake.session}
     */
    public void setSessionKey(@Nullable String sessionKey) {
        properties.sessionKey = sessionKey;
    }

    /** {@return the MDC key that names the session; null if it was set to null} */
    public @Nullable String getSessionKey() {
        return properties.sessionKey;
    }

    /**
     * Sets whether events whose MDC names no session are skipped.
     *
     * @param requireSession true: they are skipped; false: they go to {@link #setSession}. Default: false
     */
    public void setRequireSession(boolean requireSession) {
        properties.requireSession = requireSession;
    }

    /** {@return whether events whose MDC names no session are skipped} */
    public boolean isRequireSession() {
        return properties.requireSession;
    }

    /**
     * Sets whether the appender reports processes that ended without closing a session's log. The next process that
     * writes to the session adds a record with level {@code fatal}.
     *
     * <p>For that, each process leaves a mark, {@code logs/.writer}, in the sessions that it writes, and removes it
     * when it is done with them.
     *
     * @param reportCrash false: it neither leaves marks nor reports. Default: true
     * @since 0.2.0
     */
    public void setReportCrash(boolean reportCrash) {
        properties.reportCrash = reportCrash;
    }

    /**
     * {@return whether the appender reports processes that ended without closing a log}
     *
     * @since 0.2.0
     */
    public boolean isReportCrash() {
        return properties.reportCrash;
    }

    /**
     * Sets how often the appender records what the process uses: heap, resident memory, the memory of its control group
     * and that group's limit, garbage collection, processor time, threads and open files. So the curve before a kill
     * survives the kill. The records have level {@code debug}, whatever the levels of loggers, and go to
     * {@link #setSession}. So there are none with {@link #setRequireSession}. The figures are a key-value pair, which
     * {@link #setIncludeKeyValues} can leave out.
     *
     * @param pulse the interval, a second or more. Null or 0: none. Default: 0
     * @since 0.2.0
     */
    public void setPulse(@Nullable Duration pulse) {
        properties.pulse = pulse;
    }

    /**
     * {@return how often the appender records what the process uses; null or 0 if it does not}
     *
     * @since 0.2.0
     */
    public @Nullable Duration getPulse() {
        return properties.pulse;
    }

    /**
     * Sets whether MDC entries become metadata. Those that name the session never do.
     *
     * @param includeMdc default: true
     */
    public void setIncludeMdc(boolean includeMdc) {
        record.includeMdc = includeMdc;
    }

    /** {@return whether MDC entries become metadata} */
    public boolean isIncludeMdc() {
        return record.includeMdc;
    }

    /**
     * Restricts the MDC entries that become metadata to this key and others added like it. Default: none added; all
     * entries become metadata
     *
     * @param key an MDC key
     */
    public void addIncludeMdcKey(String key) {
        record.includeMdcKeys.add(key);
    }

    /**
     * Excludes an MDC entry from the metadata, even if it was also {@link #addIncludeMdcKey included}. Default: none
     * added
     *
     * @param key an MDC key
     */
    public void addExcludeMdcKey(String key) {
        record.excludeMdcKeys.add(key);
    }

    /**
     * Does the same as {@link #addIncludeMdcKey}, under the name that other encoders use.
     *
     * @param key an MDC key
     * @since 0.2.0
     */
    public void addIncludeMdcKeyName(String key) {
        addIncludeMdcKey(key);
    }

    /**
     * Does the same as {@link #addExcludeMdcKey}, under the name that other encoders use.
     *
     * @param key an MDC key
     * @since 0.2.0
     */
    public void addExcludeMdcKeyName(String key) {
        addExcludeMdcKey(key);
    }

    /**
     * Sets whether SLF4J's key-value pairs become metadata. This includes the structured arguments and markers of
     * logstash-logback-encoder, 9.0 and later, if it is on the class path.
     *
     * @param includeKeyValues default: true
     */
    public void setIncludeKeyValues(boolean includeKeyValues) {
        record.includeKeyValues = includeKeyValues;
    }

    /** {@return whether key-value pairs become metadata} */
    public boolean isIncludeKeyValues() {
        return record.includeKeyValues;
    }

    /**
     * Does the same as {@link #setIncludeKeyValues}, under the name that other encoders use.
     *
     * @param includeKeyValuePairs default: true
     * @since 0.2.0
     */
    public void setIncludeKeyValuePairs(boolean includeKeyValuePairs) {
        setIncludeKeyValues(includeKeyValuePairs);
    }

    /**
     * Sets whether {@code log.info("loss={}", 0.5)} also yields metadata {@code {"loss": 0.5}}. A placeholder names its
     * argument if it comes directly after {@code name=} or {@code name:}, with or without one space, or after
     * {@code name = }.
     *
     * @param includeNamedArguments default: false
     */
    public void setIncludeNamedArguments(boolean includeNamedArguments) {
        record.includeNamedArguments = includeNamedArguments;
    }

    /** {@return whether names before placeholders become metadata} */
    public boolean isIncludeNamedArguments() {
        return record.includeNamedArguments;
    }

    /**
     * Sets whether the logger's name becomes metadata {@code logger}.
     *
     * @param includeLoggerName default: false
     */
    public void setIncludeLoggerName(boolean includeLoggerName) {
        record.includeLoggerName = includeLoggerName;
    }

    /** {@return whether the logger's name becomes metadata} */
    public boolean isIncludeLoggerName() {
        return record.includeLoggerName;
    }

    /**
     * Sets whether the thread's name becomes metadata {@code thread}.
     *
     * @param includeThreadName default: false
     */
    public void setIncludeThreadName(boolean includeThreadName) {
        record.includeThreadName = includeThreadName;
    }

    /** {@return whether the thread's name becomes metadata} */
    public boolean isIncludeThreadName() {
        return record.includeThreadName;
    }

    /**
     * Sets whether the markers' names become metadata {@code markers}, a list.
     *
     * @param includeMarkers default: false
     */
    public void setIncludeMarkers(boolean includeMarkers) {
        record.includeMarkers = includeMarkers;
    }

    /** {@return whether the markers' names become metadata} */
    public boolean isIncludeMarkers() {
        return record.includeMarkers;
    }

    /**
     * Sets whether class, method and line of the logger call become metadata {@code caller}. This is slow.
     *
     * @param includeCallerData default: false
     */
    public void setIncludeCallerData(boolean includeCallerData) {
        record.includeCallerData = includeCallerData;
    }

    /** {@return whether class, method and line of the logger call become metadata} */
    public boolean isIncludeCallerData() {
        return record.includeCallerData;
    }

    /**
     * Sets whether an exception's stack trace becomes metadata {@code stack_trace}, in addition to {@code error_type}
     * and {@code error_message}, which are always included.
     *
     * @param includeStackTrace default: true
     */
    public void setIncludeStackTrace(boolean includeStackTrace) {
        record.includeStackTrace = includeStackTrace;
    }

    /** {@return whether an exception's stack trace becomes metadata} */
    public boolean isIncludeStackTrace() {
        return record.includeStackTrace;
    }

    /**
     * Sets whether modules of Jackson 3 decide how the values of their types are written, if the class loader of this
     * library finds them. They take precedence over this library's own form, except for numbers, booleans, strings and
     * enums. A broken module is left out, and a WARN status names it.
     *
     * @param includeJacksonModules default: true
     * @since 0.2.0
     */
    public void setIncludeJacksonModules(boolean includeJacksonModules) {
        record.includeJacksonModules = includeJacksonModules;
    }

    /**
     * {@return whether modules of Jackson decide how values are written}
     *
     * @since 0.2.0
     */
    public boolean isIncludeJacksonModules() {
        return record.includeJacksonModules;
    }

    /**
     * Adds a field to the metadata of every record, as text. Anything else that gives the record an entry with that
     * name, such as a key-value pair, takes precedence. Default: none added
     *
     * @param field two fields with the same name are a configuration error
     * @throws NullPointerException if {@code field} is null
     * @since 0.2.0
     */
    public void addField(Field field) {
        fields.add(field);
        properties.fields.add(field.properties);
    }

    /**
     * {@return the fields added so far, in that order; an unmodifiable copy}
     *
     * @since 0.2.0
     */
    public List<Field> getFields() {
        return List.copyOf(fields);
    }

    /**
     * Adds a regular expression for texts to hide. What it matches in the message, in texts of the metadata at any
     * depth, and in stack traces becomes {@code ***} before the record is written anywhere. Keys, numbers and the
     * session's description stay as they are. If the search needs too much stack, the whole text becomes {@code ***}.
     * Default: none added
     *
     * @param expression searched for anywhere in a text. Null, blank, or an expression that matches the empty text is a
     *     configuration error
     * @since 0.2.0
     */
    public void addMask(@Nullable String expression) {
        properties.masks.add(expression);
    }

    /**
     * Adds a metadata key whose value to hide: whatever it is, it becomes {@code ***}, at any depth. If a message shows
     * the value as well, that needs a {@link #addMask mask}. Default: none added
     *
     * @param key in upper or lower case. Null or blank is a configuration error
     * @since 0.2.0
     */
    public void addMaskKey(@Nullable String key) {
        properties.maskKeys.add(key);
    }

    /**
     * Sets the format of stack traces.
     *
     * @param throwableConverter the appender's start starts it, if nobody has. Null: Logback's own format. Default:
     *     null
     */
    public void setThrowableConverter(@Nullable ThrowableHandlingConverter throwableConverter) {
        record.throwableConverter = throwableConverter;
    }

    /** {@return the format of stack traces; null: Logback's own} */
    public @Nullable ThrowableHandlingConverter getThrowableConverter() {
        return record.throwableConverter;
    }

    /**
     * Sets the maximum length of a line. A longer record is cut visibly: long texts end with a note, a note replaces
     * other long values, and an entry {@code dreamlake_cut} counts the entries that do not fit.
     *
     * @param maxRecordSize from 1 KB to 64 MB. Default: 512 KB
     */
    public void setMaxRecordSize(@Nullable FileSize maxRecordSize) {
        properties.maxRecordSize = maxRecordSize;
    }

    /** {@return the maximum length of a line; null if it was set to null} */
    public @Nullable FileSize getMaxRecordSize() {
        return properties.maxRecordSize;
    }

    /**
     * Sets how many sessions may be open at a time. Each takes three to five file descriptors. The number is never
     * exceeded: at the limit, a session's first record closes the least recently used session, whose next record opens
     * it again. If the process runs out of file descriptors, the limit becomes half the number of open sessions until
     * the next start.
     *
     * @param maxOpenSessions at least 1. Default: 128
     */
    public void setMaxOpenSessions(int maxOpenSessions) {
        properties.maxOpenSessions = maxOpenSessions;
    }

    /** {@return how many sessions may be open at a time} */
    public int getMaxOpenSessions() {
        return properties.maxOpenSessions;
    }

    /**
     * Sets how long a session without records stays open. Its next record opens it again.
     *
     * @param idleTimeout more than zero. Default: 5 minutes
     */
    public void setIdleTimeout(@Nullable Duration idleTimeout) {
        properties.idleTimeout = idleTimeout;
    }

    /** {@return how long a session without records stays open; null if it was set to null} */
    public @Nullable Duration getIdleTimeout() {
        return properties.idleTimeout;
    }

    /**
     * Sets how long a record of a burst may wait in {@code logs.jsonl.tail} until it is written to the log together
     * with others. It survives {@code kill -9} there as well. A record that comes after a quiet millisecond is written
     * at once.
     *
     * <p>On Windows and on network file systems, the delay is always zero.
     *
     * @param writeDelay zero: every record is written at once. Default: 2 milliseconds
     */
    public void setWriteDelay(@Nullable Duration writeDelay) {
        properties.writeDelay = writeDelay;
    }

    /** {@return how long a record of a burst may wait; null if it was set to null} */
    public @Nullable Duration getWriteDelay() {
        return properties.writeDelay;
    }

    /**
     * Sets the level from which records are forced to the device before the logger call returns, so that they also
     * survive a power loss. Each such record costs milliseconds.
     *
     * @param fsyncLevel OFF, FATAL, ERROR, WARN, INFO, DEBUG or ALL. Default: OFF
     */
    public void setFsyncLevel(@Nullable String fsyncLevel) {
        properties.fsyncLevel = fsyncLevel;
    }

    /** {@return the level from which records are forced to the device; null if it was set to null} */
    public @Nullable String getFsyncLevel() {
        return properties.fsyncLevel;
    }
}
