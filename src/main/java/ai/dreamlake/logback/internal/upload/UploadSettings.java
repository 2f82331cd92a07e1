package ai.dreamlake.logback.internal.upload;

import java.net.Proxy;
import java.time.Duration;
import okhttp3.Headers;
import org.jspecify.annotations.Nullable;

/**
 * How records are uploaded.
 *
 * @param maxBatchRecords the most records in one call
 * @param maxBatchBytes the largest body of a call before compression, unless a single record is larger
 * @param interval how long a record waits for more records to go with it
 * @param callTimeout of a whole call, including the response's body
 * @param maxConcurrentUploads the most sessions sent at the same time
 * @param gzip whether bodies are compressed
 * @param shutdownTimeout how long closing waits for pending records
 * @param headers sent with each call
 * @param proxy null for the JVM's own
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

    /** Without what may be secret. */
    @Override
    public String toString() {
        return "UploadSettings";
    }
}
