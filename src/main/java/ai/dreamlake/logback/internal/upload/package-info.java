/**
 * Sends records to the server (I5). {@link ai.dreamlake.logback.internal.upload.Uploads} runs the upload threads. Each
 * {@link ai.dreamlake.logback.internal.upload.UploadTask} decides when its session is due. {@code SessionUpload} reads
 * the log from a checkpoint, sends batches, and in a spool deletes what is acknowledged. The log on disk is the only
 * queue, so an unreachable server costs the application nothing (I3).
 *
 * <p>What earlier runs left is found and sent, too. A spool that is over its limit gives up its oldest segments unsent,
 * and tells the server how many records that were. {@link ai.dreamlake.logback.internal.upload.UploadTasks} and
 * {@link ai.dreamlake.logback.internal.upload.UploadListener} are implemented by whoever keeps the sessions and the
 * counters.
 *
 * <p>Knows {@code journal}, {@code session}, {@code io}, and of {@code record} only {@code LineFormat}.
 */
@NullMarked
package ai.dreamlake.logback.internal.upload;

import org.jspecify.annotations.NullMarked;
