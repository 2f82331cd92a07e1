/**
 * Sends records to the server (I5). {@link ai.dreamlake.logback.internal.upload.Uploads} runs the upload threads. Each
 * {@link ai.dreamlake.logback.internal.upload.UploadTask} decides when its session is due. {@code SessionUpload} is the
 * loop: {@code BatchReader} reads the log from a checkpoint, {@code BatchSender} sends, {@code AnswerPolicy} says what
 * an answer means, and {@code SpoolReclaimer} deletes what is acknowledged. {@code ServerHealth} keeps thousands of
 * sessions from a server that is away. The log on disk is the only queue, so that costs the application nothing (I3).
 *
 * <p>{@code LeftoverFinder} finds what earlier runs left, and {@code HandOver} says what becomes of the delivery when
 * the appender stops or the JVM exits (I9). {@code SpoolLimit} drops the oldest segments when there is no room (I4);
 * the server is told how many records that were. {@link ai.dreamlake.logback.internal.upload.UploadTasks},
 * {@link ai.dreamlake.logback.internal.upload.UploadListener} and {@link ai.dreamlake.logback.internal.upload.Books}
 * are implemented by the engine, which keeps the sessions and the counters.
 *
 * <p>Knows {@code journal}, {@code session}, {@code io}, and of {@code record} only {@code LineFormat}.
 */
@NullMarked
package ai.dreamlake.logback.internal.upload;

import org.jspecify.annotations.NullMarked;
