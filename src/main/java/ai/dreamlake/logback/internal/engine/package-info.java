/**
 * The running appender. {@link ai.dreamlake.logback.internal.engine.Engine} connects the other rooms;
 * {@code RecordWriter} takes each event from the logging thread to its {@code Session}, which appends the line to its
 * journal and notes it for its upload. {@code Sessions} holds the one map of sessions, and bounds how many are open
 * (I4). {@code Counters} keeps the books (I6), and {@code StatusReporter} speaks for all rooms (I8).
 *
 * <p>Knows {@code config}, {@code record}, {@code journal}, {@code upload}, {@code session} and {@code io}.
 */
@NullMarked
package ai.dreamlake.logback.internal.engine;

import org.jspecify.annotations.NullMarked;
