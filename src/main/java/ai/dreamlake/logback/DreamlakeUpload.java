package ai.dreamlake.logback;

import ai.dreamlake.logback.internal.config.HeaderProperties;
import ai.dreamlake.logback.internal.config.ProxyProperties;
import ai.dreamlake.logback.internal.config.UploadProperties;
import ch.qos.logback.core.util.Duration;
import ch.qos.logback.core.util.FileSize;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How records are sent to the server: the {@code <upload>} element of {@link DreamlakeAppender}. The appender reads it
 * when it starts, and only if a {@link DreamlakeAppender#setRemote remote} is set. Null is then a configuration error,
 * unless it is the property's default.
 *
 * @since 0.1.0
 */
public class DreamlakeUpload {

    /**
     * An HTTP header: the {@code <header>} element.
     *
     * <pre>{@code
     * <header>
     *   <name>X-Tenant</name>
     *   <value>alice</value>
     * </header>
     * }</pre>
     *
     * <p>The value is never shown. Names that the appender or HTTP itself needs, such as Authorization, Host,
     * Content-Type and Idempotency-Key, are configuration errors.
     *
     * @since 0.2.0
     */
    public static class Header {

        private final HeaderProperties properties = new HeaderProperties();

        /** Creates a header without a name. Logback calls this for each {@code <header>} element. */
        public Header() {}

        /**
         * Creates a header.
         *
         * @param name as in {@link #setName}
         * @param value as in {@link #setValue}
         */
        public Header(String name, String value) {
            setName(name);
            setValue(value);
        }

        /**
         * Sets the header's name.
         *
         * @param name letters, digits and hyphens. Null and blank are configuration errors. Default: null
         */
        public void setName(@Nullable String name) {
            properties.name = name;
        }

        /** {@return the header's name, or null if it is not set} */
        public @Nullable String getName() {
            return properties.name;
        }

        /**
         * Sets the header's value. There is no getter: the value is never shown.
         *
         * @param value printable ASCII; space around it is removed. Null and blank are configuration errors. Default:
         *     null
         */
        public void setValue(@Nullable String value) {
            properties.value = value;
        }
    }

    /**
     * An HTTP proxy: the {@code <proxy>} element.
     *
     * <pre>{@code
     * <proxy>
     *   <host>proxy.example.com</host>
     *   <port>3128</port>
     *   <user>alice</user>
     *   <password>${PROXY_PASSWORD}</password>
     * </proxy>
     * }</pre>
     *
     * <p>All calls go through it, including those to this machine. User and password are sent to it as "Basic"
     * Proxy-Authorization. No message shows them.
     *
     * @since 0.2.0
     */
    public static class Proxy {

        private final ProxyProperties properties = new ProxyProperties();

        /** Creates a proxy without a host. Logback calls this for the {@code <proxy>} element. */
        public Proxy() {}

        /**
         * Sets the proxy's host.
         *
         * @param host its name or address, without http:// and port. Null and blank are configuration errors. Default:
         *     null
         */
        public void setHost(@Nullable String host) {
            properties.host = host;
        }

        /** {@return the proxy's host, or null if it is not set} */
        public @Nullable String getHost() {
            return properties.host;
        }

        /**
         * Sets the proxy's port.
         *
         * @param port from 1 to 65535. Default: 0, which is a configuration error
         */
        public void setPort(int port) {
            properties.port = port;
        }

        /** {@return the proxy's port, or 0 if it is not set} */
        public int getPort() {
            return properties.port;
        }

        /**
         * Sets the user, if the proxy demands a login.
         *
         * @param user the user's name, without a colon. Null or empty: none. Default: null
         */
        public void setUser(@Nullable String user) {
            properties.user = user;
        }

        /** {@return the user, or null if there is none} */
        public @Nullable String getUser() {
            return properties.user;
        }

        /**
         * Sets the user's password. There is no getter: the password is never shown.
         *
         * @param password may be empty if there is a user, and must be null or empty if there is none. Null is a
         *     configuration error if there is a user. Default: null
         */
        public void setPassword(@Nullable String password) {
            properties.password = password;
        }
    }

    private final UploadProperties properties = new UploadProperties();
    private @Nullable Proxy proxy;
    private final List<Header> headers = new ArrayList<>();

    /** Creates an element with the default of each property. Logback calls this. */
    public DreamlakeUpload() {}

    UploadProperties properties() {
        return properties;
    }

    /** The objects whose properties Logback may have set. */
    Stream<Object> configured() {
        return Stream.of(this, proxy).filter(Objects::nonNull);
    }

    /**
     * Sets the maximum number of records in one call.
     *
     * @param maxBatchRecords at least 1. Default: 5000
     */
    public void setMaxBatchRecords(int maxBatchRecords) {
        properties.maxBatchRecords = maxBatchRecords;
    }

    /** {@return the maximum number of records in one call} */
    public int getMaxBatchRecords() {
        return properties.maxBatchRecords;
    }

    /**
     * Sets the maximum size of a call's body before compression. A larger record is sent alone.
     *
     * @param maxBatchSize from 1 KB to 64 MB. Default: 900 KB
     */
    public void setMaxBatchSize(@Nullable FileSize maxBatchSize) {
        properties.maxBatchSize = maxBatchSize;
    }

    /** {@return the maximum size of a call's body before compression; null if it was set to null} */
    public @Nullable FileSize getMaxBatchSize() {
        return properties.maxBatchSize;
    }

    /**
     * Sets how long a record may wait for more records to be sent with it. A batch is sent earlier if it is full.
     *
     * @param interval zero: it does not wait. Default: 1 second
     */
    public void setInterval(@Nullable Duration interval) {
        properties.interval = interval;
    }

    /** {@return how long a record may wait for more records; null if it was set to null} */
    public @Nullable Duration getInterval() {
        return properties.interval;
    }

    /**
     * Sets how long connecting may take.
     *
     * @param connectTimeout more than zero. Default: 5 seconds
     */
    public void setConnectTimeout(@Nullable Duration connectTimeout) {
        properties.connectTimeout = connectTimeout;
    }

    /** {@return how long connecting may take; null if it was set to null} */
    public @Nullable Duration getConnectTimeout() {
        return properties.connectTimeout;
    }

    /**
     * Sets how long a whole call may take, including the response's body.
     *
     * @param callTimeout more than zero. Default: 30 seconds
     */
    public void setCallTimeout(@Nullable Duration callTimeout) {
        properties.callTimeout = callTimeout;
    }

    /** {@return how long a whole call may take; null if it was set to null} */
    public @Nullable Duration getCallTimeout() {
        return properties.callTimeout;
    }

    /**
     * Sets the maximum number of sessions that are sent at the same time, and so of connections.
     *
     * @param maxConcurrentUploads at least 1. Default: 4
     */
    public void setMaxConcurrentUploads(int maxConcurrentUploads) {
        properties.maxConcurrentUploads = maxConcurrentUploads;
    }

    /** {@return the maximum number of sessions that are sent at the same time} */
    public int getMaxConcurrentUploads() {
        return properties.maxConcurrentUploads;
    }

    /**
     * Sets how bodies are compressed.
     *
     * @param compression "none", or "gzip" for a server that accepts compressed bodies; upper or lower case. Default:
     *     "none"
     */
    public void setCompression(@Nullable String compression) {
        properties.compression = compression;
    }

    /** {@return how bodies are compressed; null if it was set to null} */
    public @Nullable String getCompression() {
        return properties.compression;
    }

    /**
     * Adds a header that is sent with each call to the server, for example for a gateway in front of it. Default: none
     * added
     *
     * @param header may have the name of one that was added before; then both are sent
     * @throws NullPointerException if {@code header} is null
     * @since 0.2.0
     */
    public void addHeader(Header header) {
        headers.add(header);
        properties.headers.add(header.properties);
    }

    /**
     * {@return the headers added so far, in that order; an unmodifiable copy}
     *
     * @since 0.2.0
     */
    public List<Header> getHeaders() {
        return List.copyOf(headers);
    }

    /**
     * Sets the proxy between the appender and the server.
     *
     * @param proxy null: the JVM's own proxy ({@code https.proxyHost} and similar properties), if it has one. Default:
     *     null
     * @since 0.2.0
     */
    public void setProxy(@Nullable Proxy proxy) {
        this.proxy = proxy;
        properties.proxy = proxy == null ? null : proxy.properties;
    }

    /**
     * {@return the proxy between the appender and the server; null: the JVM's own, if it has one}
     *
     * @since 0.2.0
     */
    public @Nullable Proxy getProxy() {
        return proxy;
    }

    /**
     * Sets the spool, where records wait for the server if no {@link DreamlakeAppender#setLocalPath localPath} is set.
     * Each server and user gets a directory in it that only its owner may enter. The user is the user name, or the one
     * that a JSON Web Token names. Other tokens, and a file or a provider without a token at the start, share one
     * directory for each server.
     *
     * @param spoolPath a directory; a relative path is resolved against the working directory. Default:
     *     {@code .dreamlake/spool} in the user's home
     */
    public void setSpoolPath(@Nullable String spoolPath) {
        properties.spoolPath = spoolPath;
    }

    /** {@return where records wait for the server; null if it was set to null} */
    public @Nullable String getSpoolPath() {
        return properties.spoolPath;
    }

    /**
     * Sets the size limit of all sessions in the spool together. Above it, the oldest segments of logs are deleted
     * unsent. Their records are counted, and a record with level {@code warn} tells the server how many there were. Not
     * used if a {@link DreamlakeAppender#setLocalPath localPath} is set.
     *
     * @param spoolLimit at least 1 MB. Default: 1 GB
     */
    public void setSpoolLimit(@Nullable FileSize spoolLimit) {
        properties.spoolLimit = spoolLimit;
    }

    /** {@return the size limit of all sessions in the spool; null if it was set to null} */
    public @Nullable FileSize getSpoolLimit() {
        return properties.spoolLimit;
    }

    /**
     * Sets how long the JVM's exit waits for the delivery of pending records, including those that shutdown hooks log.
     * It does not wait for a server that is known to be unreachable. The next start sends the rest.
     *
     * <p>An appender's stop never waits while the JVM runs on: daemon threads go on delivering for this time, but for
     * no longer than 5 seconds.
     *
     * @param shutdownTimeout zero: nothing is delivered after a stop, and the exit does not wait. Default: 10 seconds
     */
    public void setShutdownTimeout(@Nullable Duration shutdownTimeout) {
        properties.shutdownTimeout = shutdownTimeout;
    }

    /** {@return how long the JVM's exit waits for pending records; null if it was set to null} */
    public @Nullable Duration getShutdownTimeout() {
        return properties.shutdownTimeout;
    }
}
