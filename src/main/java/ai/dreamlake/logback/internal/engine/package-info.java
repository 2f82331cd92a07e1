/**
 * The running appender. {@link ai.dreamlake.logback.internal.engine.Engine} connects the other packages.
 * {@code RecordWriter} encodes each event on the logging thread, and gives the line to its {@code Session}, which
 * appends it to its journal and notes it for its upload. {@code Sessions} holds the only map of sessions and the keeper
 * thread, which writes what a burst left staged. {@code OpenSessions} bounds how many sessions are open (I4). If
 * {@code <localRetention>} asks for it, {@code SessionCleaner} deletes old sessions by a {@code RetentionPass}, on its
 * own thread. {@code Counters} keeps the books (I6), and {@code StatusReporter} reports what goes wrong while the
 * appender runs, as often as {@code Outages} and {@code Bound} allow (I8).
 *
 * <p>Knows {@code config}, {@code record}, {@code journal}, {@code upload}, {@code session} and {@code io}.
 */
@NullMarked
package ai.dreamlake.logback.internal.engine;

import org.jspecify.annotations.NullMarked;
