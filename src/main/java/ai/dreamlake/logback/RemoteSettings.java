package ai.dreamlake.logback;

import ai.dreamlake.logback.internal.journal.SpoolFile;
import ai.dreamlake.logback.internal.upload.DevelopmentToken;
import ai.dreamlake.logback.internal.upload.UploadSettings;
import ai.dreamlake.logback.internal.upload.Uploads;
import ch.qos.logback.core.CoreConstants;
import ch.qos.logback.core.util.FileSize;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Set;
import java.util.UUID;
import okhttp3.HttpUrl;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The settings of remote and hybrid mode, checked. Where there is no {@code <remote>} there is nothing to check. */
final class RemoteSettings {

    /** Told of each fault. The token is never told. */
    interface Faults {
        void add(String property, Object value, String remedy);
    }

    private static final String HIDDEN = "(not shown)";
    private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "::1");

    /** A spool is given up by pieces: one of them is what is lost more than need be. */
    private static final long PIECES = 16;

    private static final long SMALLEST_PIECE = 64 * FileSize.KB_COEFFICIENT;
    private static final long LARGEST_PIECE = 16 * FileSize.MB_COEFFICIENT;
    private static final long LARGEST_BATCH = 64 * FileSize.MB_COEFFICIENT;

    private final DreamlakeUpload upload;
    private final Faults faults;
    private HttpUrl url;
    private String token;
    private final String userName;
    private UploadSettings settings;

    RemoteSettings(String remote, String apiKey, String userName, DreamlakeUpload upload, Faults faults) {
        this.upload = upload;
        this.faults = faults;
        this.userName = userName;
        if (remote == null) {
            if (apiKey != null || userName != null) {
                faults.add(apiKey != null ? "apiKey" : "userName", HIDDEN, "it is of no use without a <remote>.");
            }
            return;
        }
        url = HttpUrl.parse(remote.strip());
        if (url == null || url.query() != null || url.fragment() != null || !url.username().isEmpty()) {
            // The text may be a token in the wrong place, or hold a password.
            faults.add("remote", url == null ? HIDDEN : url.redact(), "give a base URL, such as https://dreamlake.example.com.");
        }
        token = token(apiKey, userName);
        settings = settings();
    }

    /** Null where the user's name makes the token, and where there is a fault. */
    private String token(String apiKey, String userName) {
        if (apiKey == null && userName == null) {
            faults.add("apiKey", null, "with a <remote>, give an <apiKey>, or a <userName> for a server in development mode.");
        } else if (apiKey != null && userName != null) {
            faults.add("userName", userName, "there is an <apiKey>, too; give one of them.");
        } else if (apiKey == null) {
            isText("userName", userName, userName);
        } else if (isText("apiKey", apiKey, HIDDEN)) {
            String stripped = apiKey.strip();
            if (stripped.chars().allMatch(character -> character > ' ' && character < 0x7F)) {
                return stripped;
            }
            faults.add("apiKey", HIDDEN, "it has characters that no header can have.");
        }
        return null;
    }

    private boolean isText(String property, String value, String shown) {
        if (value.isBlank()) {
            faults.add(property, shown, "it is empty; is the variable set?");
        } else if (value.contains(CoreConstants.UNDEFINED_PROPERTY_SUFFIX)) {
            faults.add(property, shown, "define the variable, or give it a default: ${NAME:-default}.");
        } else {
            return true;
        }
        return false;
    }

    private UploadSettings settings() {
        long batch = upload.getMaxBatchSize() == null ? 0 : upload.getMaxBatchSize().getSize();
        if (batch < FileSize.KB_COEFFICIENT || batch > LARGEST_BATCH) {
            faults.add("maxBatchSize", upload.getMaxBatchSize(), "choose a size from 1KB to 64MB.");
        }
        atLeastOne("maxBatchRecords", upload.getMaxBatchRecords());
        atLeastOne("maxConcurrentUploads", upload.getMaxConcurrentUploads());
        boolean gzip = "gzip".equalsIgnoreCase(upload.getCompression());
        if (!gzip && !"none".equalsIgnoreCase(upload.getCompression())) {
            faults.add("compression", upload.getCompression(), "choose none or gzip.");
        }
        return new UploadSettings(
                upload.getMaxBatchRecords(),
                (int) Math.min(batch, LARGEST_BATCH),
                duration("interval", upload.getInterval(), 0),
                duration("connectTimeout", upload.getConnectTimeout(), 1),
                duration("callTimeout", upload.getCallTimeout(), 1),
                upload.getMaxConcurrentUploads(),
                gzip,
                duration("shutdownTimeout", upload.getShutdownTimeout(), 0));
    }

    private void atLeastOne(String property, int value) {
        if (value < 1) {
            faults.add(property, value, "choose 1 or more.");
        }
    }

    private Duration duration(String property, ch.qos.logback.core.util.Duration value, long leastMillis) {
        if (value == null || value.getMilliseconds() < leastMillis) {
            faults.add(property, value, "choose a time, such as \"5 seconds\".");
            return Duration.ZERO;
        }
        return Duration.ofMillis(value.getMilliseconds());
    }

    /** Plain HTTP to another machine. */
    boolean isPlainHttp() {
        return url != null && !url.isHttps() && !LOOPBACK.contains(url.host());
    }

    /** How the logs of a spool are opened. */
    SpoolFile spoolFile() {
        long limit = upload.getSpoolLimit() == null ? 0 : upload.getSpoolLimit().getSize();
        if (limit < FileSize.MB_COEFFICIENT) {
            faults.add("spoolLimit", upload.getSpoolLimit(), "choose 1MB or more.");
        }
        return new SpoolFile(Math.max(SMALLEST_PIECE, Math.min(LARGEST_PIECE, limit / PIECES)));
    }

    /** Where records wait if there is no local path: a directory for each server and user. */
    Path spool() {
        if (url == null) {
            return null;
        }
        try {
            String whose = url + " " + user();
            String digest = UUID.nameUUIDFromBytes(whose.getBytes(StandardCharsets.UTF_8)).toString();
            return Path.of(upload.getSpoolPath())
                    .toAbsolutePath()
                    .normalize()
                    .resolve(url.host().replace(':', '_') + "-" + url.port() + "-" + digest);
        } catch (InvalidPathException | NullPointerException fault) {
            faults.add("spoolPath", upload.getSpoolPath(), "that is no path here; name a directory.");
            return null;
        }
    }

    /** A development token lives for thirty days, and some programs longer: so it is made anew each time. */
    private String currentToken() {
        return token != null ? token : DevelopmentToken.of(userName, Instant.now());
    }

    /**
     * Whose records these are, as far as it can be told: a new token of the same user finds what the old one left. The name,
     * or what a JSON Web Token says of its user; nothing for other tokens.
     */
    private String user() {
        if (token == null) {
            return String.valueOf(userName);
        }
        String[] parts = token.split("\\.");
        try {
            JsonNode claims = new JsonMapper().readTree(Base64.getUrlDecoder().decode(parts.length == 3 ? parts[1] : "e30"));
            return claims.path("userId").asString("") + claims.path("sub").asString("");
        } catch (IllegalArgumentException | JacksonException noWebToken) {
            return "";
        }
    }

    /** @param spool null if logs stay on disk */
    Uploads uploads(Path root, SpoolFile spool, UploadBooks books, String name) {
        long limit = spool == null ? Long.MAX_VALUE : upload.getSpoolLimit().getSize();
        return new Uploads(root, spool, limit, url, this::currentToken, settings, books, "dreamlake-logback/" + version(), name);
    }

    /** From the jar's manifest; "development" where the classes lie in a directory. */
    private static String version() {
        String version = DreamlakeAppender.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }
}
