/**
 * Sends records to the server (I5). {@link ai.dreamlake.logback.internal.upload.Uploads} runs the upload threads. Each
 * {@link ai.dreamlake.logback.internal.upload.UploadTask} decides when its session is due. {@code SessionUpload} reads
 * the log from a checkpoint, sends batches, and in a spool deletes what is acknowledged. The log on disk is the only
 * queue, so an unreachable server costs the application nothing (I3).
 *
 * <p>Knows {@code journal}, {@code session}, {@code io}, and of {@code record} only {@code LineFormat}.
 */
@NullMarked
package ai.dreamlake.logback.internal.upload;

import org.jspecify.annotations.NullMarked;
