package ai.dreamlake.logback.internal.config;

import static ch.qos.logback.core.CoreConstants.UNDEFINED_PROPERTY_SUFFIX;

import ch.qos.logback.core.util.FileSize;
import java.net.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import okhttp3.Headers;
import okhttp3.HttpUrl;
import org.jspecify.annotations.Nullable;

/**
 * A server, and how records are sent to it.
 *
 * @param url the base URL
 * @param headers sent with each call
 * @param proxy null to use the JVM's own proxy settings
 * @param proxyAuthorization the value of the header Proxy-Authorization; null for none
 * @param maxBatchBytes the maximum size of a call's body, unless a single record is larger
 * @param maxSpoolBytes the size limit of the spool
 * @param shutdownTimeout how long the JVM's exit waits for pending records; delivery after a stop lasts no longer,
 *     either
 */
public record RemoteConfiguration(
        HttpUrl url,
        Credentials credentials,
        Headers headers,
        @Nullable Proxy proxy,
        @Nullable String proxyAuthorization,
        int maxBatchRecords,
        int maxBatchBytes,
        Duration interval,
        Duration connectTimeout,
        Duration callTimeout,
        int maxConcurrentUploads,
        boolean gzip,
        long maxSpoolBytes,
        Duration shutdownTimeout) {

    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "::1");

    private static final Pattern HTTP = Pattern.compile("https?://", Pattern.CASE_INSENSITIVE);

    /**
     * A host of short labels without capitals, or with a variable's name that Logback put there. A token does not look
     * like this.
     */
    private static final Pattern ADDRESS =
            Pattern.compile("([a-z]{2,8}:/{0,2})?(?<host>([a-z0-9-]{1,20}\\.)*[a-z][a-z0-9-]{0,19}|[0-9.]{7,15}|\\w+"
                    + UNDEFINED_PROPERTY_SUFFIX + ")(?<port>:[0-9]{1,5})?(?<path>(/.*)?)");

    private static final Pattern SPOOL = Pattern.compile(".+-\\d{1,5}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

    /** A spool is dropped segment by segment, so at most one segment is lost needlessly. */
    private static final long SEGMENTS = 16;

    private static final long MIN_SEGMENT = 64 * FileSize.KB_COEFFICIENT;
    private static final long MAX_SEGMENT = 16 * FileSize.MB_COEFFICIENT;

    /** Null if no server is configured, or after a fault. */
    static @Nullable RemoteConfiguration of(Destination destination, UploadProperties upload, Faults faults) {
        if (destination.remote() == null) {
            noteIgnored(destination, faults);
            return null;
        }
        HttpUrl url = url(destination.remote(), faults);
        Credentials credentials = Credentials.of(destination, faults);
        Headers headers = HeaderText.headers(upload.headers, faults);
        Proxy proxy = upload.proxy == null ? null : upload.proxy.proxy(faults);
        String proxyAuthorization = upload.proxy == null ? null : upload.proxy.authorization(faults);
        int maxBatchBytes = faults.size("maxBatchSize", upload.maxBatchSize);
        int maxBatchRecords = faults.atLeastOne("maxBatchRecords", upload.maxBatchRecords);
        int maxConcurrentUploads = faults.atLeastOne("maxConcurrentUploads", upload.maxConcurrentUploads);
        boolean gzip = gzip(upload.compression, faults);
        Duration interval = time("interval", upload.interval, 0, faults);
        Duration connectTimeout = time("connectTimeout", upload.connectTimeout, 1, faults);
        Duration callTimeout = time("callTimeout", upload.callTimeout, 1, faults);
        Duration shutdownTimeout = time("shutdownTimeout", upload.shutdownTimeout, 0, faults);
        long maxSpoolBytes = destination.isSpool() ? maxSpoolBytes(upload.spoolLimit, faults) : Long.MAX_VALUE;
        if (url == null || credentials == null) {
            return null;
        }
        return new RemoteConfiguration(
                url,
                credentials,
                headers,
                proxy,
                proxyAuthorization,
                maxBatchRecords,
                maxBatchBytes,
                interval,
                connectTimeout,
                callTimeout,
                maxConcurrentUploads,
                gzip,
                maxSpoolBytes,
                shutdownTimeout);
    }

    private static void noteIgnored(Destination destination, Faults faults) {
        String ignored = destination.givenTokens().stream()
                .map(property -> "<" + property + ">")
                .collect(Collectors.joining(", "));
        if (!ignored.isEmpty()) {
            faults.note(ignored + " is ignored, as there is no <remote>; nothing is sent.");
        }
    }

    private static @Nullable HttpUrl url(String remote, Faults faults) {
        HttpUrl url = HttpUrl.parse(remote);
        if (!faults.isDefined("remote", remote, shown(remote, url))) {
            return null;
        }
        String fault = null;
        if (url == null) {
            fault = HTTP.matcher(remote).lookingAt()
                    ? "that is not a URL; give a base URL"
                    : "begin with http:// or https://";
        } else if (!url.username().isEmpty() || !url.password().isEmpty()) {
            fault = "leave out user and password; give a base URL";
        } else if (url.query() != null || url.fragment() != null) {
            fault = "leave out what follows the path; give a base URL";
        }
        if (fault != null) {
            faults.add("remote", shown(remote, url), fault + ", such as https://dreamlake.example.com.");
            return null;
        }
        return url;
    }

    /**
     * What may be shown of an unusable address. It may be a misplaced token, or contain a password. So only what looks
     * like a host is shown, with a dot or a port, which a token does not have.
     */
    private static String shown(String remote, @Nullable HttpUrl url) {
        if (url != null) {
            return url.redact(); // only the host
        }
        Matcher address = ADDRESS.matcher(remote);
        boolean isHost = address.matches()
                && (remote.contains(UNDEFINED_PROPERTY_SUFFIX)
                        || address.group("port") != null
                        || address.group("host").equals("localhost")
                        || address.group("host").contains("."));
        if (!isHost) {
            return Faults.HIDDEN;
        }
        String path = address.group("path");
        return remote.substring(0, remote.length() - path.length()) + (path.length() > 1 ? "/..." : path);
    }

    private static boolean gzip(@Nullable String compression, Faults faults) {
        boolean gzip = "gzip".equalsIgnoreCase(compression);
        if (!gzip && !"none".equalsIgnoreCase(compression)) {
            faults.add("compression", compression, "choose none or gzip.");
        }
        return gzip;
    }

    private static Duration time(
            String property, ch.qos.logback.core.util.@Nullable Duration value, long minMillis, Faults faults) {
        return faults.duration(property, value, minMillis, "choose a time, such as \"5 seconds\".");
    }

    private static long maxSpoolBytes(@Nullable FileSize limit, Faults faults) {
        long size = limit == null ? 0 : limit.getSize();
        if (size < FileSize.MB_COEFFICIENT) {
            faults.add("spoolLimit", limit, "choose 1MB or more.");
        }
        return size;
    }

    /** How long a log of the spool grows before it becomes a segment. */
    public long maxSegmentBytes() {
        return Math.max(MIN_SEGMENT, Math.min(MAX_SEGMENT, maxSpoolBytes / SEGMENTS));
    }

    /** Whether records and token can be read on the way: plain HTTP to another machine. */
    public boolean isPlainHttp() {
        return !url.isHttps() && !LOOPBACK.contains(url.host());
    }

    /** Shows nothing that may be secret. */
    @Override
    public String toString() {
        return "RemoteConfiguration[" + url + "]";
    }

    /** Whether a directory has a name that {@link #spool} gives, for any server and user. */
    public static boolean isSpool(Path directory) {
        Path name = directory.getFileName();
        return name != null && SPOOL.matcher(name.toString()).matches();
    }

    /** Where records wait if they are not kept after delivery: one directory for each server and user. */
    Path spool(Path spoolPath) {
        String whose = url + " " + credentials.user();
        String digest =
                UUID.nameUUIDFromBytes(whose.getBytes(StandardCharsets.UTF_8)).toString();
        return spoolPath.resolve(url.host().replace(':', '_') + "-" + url.port() + "-" + digest);
    }
}
