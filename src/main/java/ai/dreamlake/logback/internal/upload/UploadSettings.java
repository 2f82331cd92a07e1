package ai.dreamlake.logback.internal.upload;

import java.net.Proxy;
import java.time.Duration;
import okhttp3.Headers;
import org.jspecify.annotations.Nullable;

/**
 * How records are uploaded.
 *
 * @param maxBatchRecords the maximum number of records in one call
 * @param maxBatchBytes the maximum size of a call's body before compression, unless a single record is larger
 * @param interval how long a record waits for more records to go with it
 * @param callTimeout the timeout of a whole call, including the response's body
 * @param maxConcurrentUploads the maximum number of sessions sent at the same time
 * @param gzip whether bodies are compressed
 * @param shutdownTimeout how long the JVM's exit waits for pending records; delivery after a stop lasts no longer,
 *     either
 * @param headers sent with each call
 * @param proxy null to use the JVM's own proxy settings
 * @param proxyAuthorization the value of the header Proxy-Authorization; null for none
 */
public record UploadSettings(
        int maxBatchRecords,
        int maxBatchBytes,
        Duration interval,
        Duration connectTimeout,
        Duration callTimeout,
        int maxConcurrentUploads,
        boolean gzip,
        Duration shutdownTimeout,
        Headers headers,
        @Nullable Proxy proxy,
        @Nullable String proxyAuthorization) {

    /** Without headers, and with the JVM's own proxy. */
    public UploadSettings(
            int maxBatchRecords,
            int maxBatchBytes,
            Duration interval,
            Duration connectTimeout,
            Duration callTimeout,
            int maxConcurrentUploads,
            boolean gzip,
            Duration shutdownTimeout) {
        this(
                maxBatchRecords,
                maxBatchBytes,
                interval,
                connectTimeout,
                callTimeout,
                maxConcurrentUploads,
                gzip,
                shutdownTimeout,
                Headers.EMPTY,
                null,
                null);
    }

    /** Shows no values, since some may be secret. */
    @Override
    public String toString() {
        return "UploadSettings";
    }
}
