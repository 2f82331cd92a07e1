package ai.dreamlake.logback.internal.upload;

import java.time.Duration;

/**
 * How records are uploaded.
 *
 * @param maxBatchRecords how many records go in one call at most
 * @param maxBatchBytes how large a call's body is at most, unless one record alone is larger
 * @param interval how long a record waits for company
 * @param callTimeout of a whole call, body included
 * @param maxConcurrentUploads how many sessions at the same time
 * @param gzip whether bodies are compressed
 * @param shutdownTimeout how long closing waits for what is pending
 */
public record UploadSettings(
        int maxBatchRecords,
        int maxBatchBytes,
        Duration interval,
        Duration connectTimeout,
        Duration callTimeout,
        int maxConcurrentUploads,
        boolean gzip,
        Duration shutdownTimeout) {}
