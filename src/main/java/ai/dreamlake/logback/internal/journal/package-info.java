/**
 * Where records are durable (I1) and numbered (I2). A {@link ai.dreamlake.logback.internal.journal.Journal} appends
 * lines to one session's log, under the lock that it shares with other processes, and recovers the log's end.
 * {@link ai.dreamlake.logback.internal.journal.SessionDirectory} knows every path and file name,
 * {@link ai.dreamlake.logback.internal.journal.Storage} how files are created and kept.
 *
 * <p>In a burst, records are staged in a {@code MappedTail} and written together. {@code TailRecovery} recovers what a
 * dead process had staged. {@link ai.dreamlake.logback.internal.journal.JournalRegistry} ensures that a JVM has one
 * journal per directory. A spool's log is split into {@link ai.dreamlake.logback.internal.journal.Segment}s.
 * {@code SessionDeletion} deletes a session's files, in an order that survives a kill.
 *
 * <p>Depends on {@code session}, {@code io} and, in {@code record}, only on {@code LineFormat}.
 */
@NullMarked
package ai.dreamlake.logback.internal.journal;

import org.jspecify.annotations.NullMarked;
