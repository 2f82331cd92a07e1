/**
 * Sends records to the server (I5). {@link ai.dreamlake.logback.internal.upload.Uploads} runs the upload threads. Each
 * {@link ai.dreamlake.logback.internal.upload.UploadTask} decides when its session is due. {@code SessionUpload} is the
 * loop: {@code BatchReader} reads the log from a checkpoint, {@code BatchSender} sends, {@code AnswerPolicy} decides
 * what an answer means, and {@code SpoolReclaimer} deletes what is acknowledged. While a server is away,
 * {@code ServerHealth} lets one session at a time try it. The log on disk is the only queue, so a server that is away
 * costs the application nothing (I3).
 *
 * <p>{@code LeftoverFinder} finds what earlier runs left, and {@code HandOver} lets the delivery continue when the
 * appender stops or the JVM exits (I9). {@code SpoolLimit} drops the oldest segments when there is no room (I4); the
 * server is told how many records were dropped. {@link ai.dreamlake.logback.internal.upload.UploadTasks},
 * {@link ai.dreamlake.logback.internal.upload.UploadListener} and {@link ai.dreamlake.logback.internal.upload.Books}
 * are implemented by the engine, which keeps the sessions and the counters.
 *
 * <p>Knows {@code journal}, {@code session}, {@code io}, and of {@code record} only {@code LineFormat}.
 */
@NullMarked
package ai.dreamlake.logback.internal.upload;

import org.jspecify.annotations.NullMarked;
