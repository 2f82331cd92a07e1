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
 * when it starts, and only if a {@link DreamlakeAppender#setRemote remote} is set; null is then a configuration error.
 */
public class DreamlakeUpload {

    /**
     * A header of HTTP: the {@code <header>} element.
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
     */
    public static class Header {

        private final HeaderProperties properties = new HeaderProperties();

        /** For Logback, which creates it where a configuration has the element. */
        public Header() {}

        public Header(String name, String value) {
            setName(name);
            setValue(value);
        }

        /** Letters, digits and hyphens. Default: null, which is a configuration error */
        public void setName(@Nullable String name) {
            properties.name = name;
        }

        public @Nullable String getName() {
            return properties.name;
        }

        /** Printable ASCII; space around it is removed. Default: null, which is a configuration error */
        public void setValue(@Nullable String value) {
            properties.value = value;
        }
    }

    /**
     * A proxy of HTTP: the {@code <proxy>} element.
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
     * <p>All calls go through it, those to this machine, too. User and password are sent to it as "Basic"
     * Proxy-Authorization, and never shown.
     */
    public static class Proxy {

        private final ProxyProperties properties = new ProxyProperties();

        /** For Logback, which creates it where a configuration has the element. */
        public Proxy() {}

        /** Its name or address, without http:// and port. Default: null, which is a configuration error */
        public void setHost(@Nullable String host) {
            properties.host = host;
        }

        public @Nullable String getHost() {
            return properties.host;
        }

        /** From 1 to 65535. Default: 0, which is a configuration error */
        public void setPort(int port) {
            properties.port = port;
        }

        public int getPort() {
            return properties.port;
        }

        /** The user, if the proxy demands a login. Null or empty: none. Default: null */
        public void setUser(@Nullable String user) {
            properties.user = user;
        }

        public @Nullable String getUser() {
            return properties.user;
        }

        /** The user's password; may be empty. Default: null, which is a configuration error if there is a user */
        public void setPassword(@Nullable String password) {
            properties.password = password;
        }
    }

    private final UploadProperties properties = new UploadProperties();
    private @Nullable Proxy proxy;
    private final List<Header> headers = new ArrayList<>();

    /** For Logback, which creates it where a configuration names this class. */
    public DreamlakeUpload() {}

    UploadProperties properties() {
        return properties;
    }

    /** The objects whose properties Logback may have set. */
    Stream<Object> configured() {
        return Stream.of(this, proxy).filter(Objects::nonNull);
    }

    /** The most records in one call, at least 1. Default: 5000 */
    public void setMaxBatchRecords(int maxBatchRecords) {
        properties.maxBatchRecords = maxBatchRecords;
    }

    public int getMaxBatchRecords() {
        return properties.maxBatchRecords;
    }

    /**
     * The largest body of a call before compression, from 1 KB to 64 MB. A larger record is sent alone. Default: 900 KB
     */
    public void setMaxBatchSize(@Nullable FileSize maxBatchSize) {
        properties.maxBatchSize = maxBatchSize;
    }

    public @Nullable FileSize getMaxBatchSize() {
        return properties.maxBatchSize;
    }

    /** How long a record waits for more records to go with it. Zero: not at all. Default: 1 second */
    public void setInterval(@Nullable Duration interval) {
        properties.interval = interval;
    }

    public @Nullable Duration getInterval() {
        return properties.interval;
    }

    /** How long connecting may take; more than zero. Default: 5 seconds */
    public void setConnectTimeout(@Nullable Duration connectTimeout) {
        properties.connectTimeout = connectTimeout;
    }

    public @Nullable Duration getConnectTimeout() {
        return properties.connectTimeout;
    }

    /** How long a whole call may take, including the response's body; more than zero. Default: 30 seconds */
    public void setCallTimeout(@Nullable Duration callTimeout) {
        properties.callTimeout = callTimeout;
    }

    public @Nullable Duration getCallTimeout() {
        return properties.callTimeout;
    }

    /** The most sessions sent at the same time, and so the most connections; at least 1. Default: 4 */
    public void setMaxConcurrentUploads(int maxConcurrentUploads) {
        properties.maxConcurrentUploads = maxConcurrentUploads;
    }

    public int getMaxConcurrentUploads() {
        return properties.maxConcurrentUploads;
    }

    /** "none", or "gzip" for a server that accepts compressed bodies. Default: none */
    public void setCompression(@Nullable String compression) {
        properties.compression = compression;
    }

    public @Nullable String getCompression() {
        return properties.compression;
    }

    /** Adds a header that is sent with each call to the server, for example for a gateway before it. Default: none */
    public void addHeader(Header header) {
        headers.add(header);
        properties.headers.add(header.properties);
    }

    public List<Header> getHeaders() {
        return List.copyOf(headers);
    }

    /** The proxy to the server. Default: null, which is the JVM's own (https.proxyHost and the like), if it has one */
    public void setProxy(@Nullable Proxy proxy) {
        this.proxy = proxy;
        properties.proxy = proxy == null ? null : proxy.properties;
    }

    public @Nullable Proxy getProxy() {
        return proxy;
    }

    /**
     * The spool, where records wait for the server if no {@link DreamlakeAppender#setLocalPath localPath} is set. Each
     * server and user gets a directory in it that only its owner may enter. The user is the user name, or what the
     * token says if it is a JSON Web Token; a file or a provider without a token at the start counts as nobody.
     * Default: .dreamlake/spool in the user's home
     */
    public void setSpoolPath(@Nullable String spoolPath) {
        properties.spoolPath = spoolPath;
    }

    public @Nullable String getSpoolPath() {
        return properties.spoolPath;
    }

    /**
     * The size limit of all sessions in the spool together, at least 1 MB. Above it, the oldest segments of logs are
     * deleted unsent. Their records are counted, and a warn record tells the server how many there were. Default: 1 GB
     */
    public void setSpoolLimit(@Nullable FileSize spoolLimit) {
        properties.spoolLimit = spoolLimit;
    }

    public @Nullable FileSize getSpoolLimit() {
        return properties.spoolLimit;
    }

    /**
     * How long the JVM's exit waits for pending records to be delivered, those among them that shutdown hooks log. It
     * does not wait for a server that is known to be away. An appender's stop never waits; daemon threads go on to
     * deliver for this time, but no longer than 5 seconds. Zero: nothing is delivered after a stop, and the exit does
     * not wait. The next start sends the rest. Default: 10 seconds
     */
    public void setShutdownTimeout(@Nullable Duration shutdownTimeout) {
        properties.shutdownTimeout = shutdownTimeout;
    }

    public @Nullable Duration getShutdownTimeout() {
        return properties.shutdownTimeout;
    }
}
