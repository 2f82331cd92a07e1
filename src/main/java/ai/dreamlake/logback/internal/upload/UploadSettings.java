package ai.dreamlake.logback.internal.upload;

import java.time.Duration;
import okhttp3.Headers;

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
        Headers headers) {

    /** Without headers. */
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
                Headers.EMPTY);
    }

    /** Without what may be secret. */
    @Override
    public String toString() {
        return "UploadSettings";
    }
}
