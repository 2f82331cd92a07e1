/**
 * The running appender. {@link ai.dreamlake.logback.internal.engine.Engine} connects the other rooms.
 * {@code RecordWriter} encodes each event on the logging thread, and gives the line to its {@code Session}, which
 * appends it to its journal and notes it for its upload. {@code Sessions} holds the one map of sessions, and has the
 * keeper thread, which writes what a burst left staged; {@code OpenSessions} bounds how many are open (I4).
 * {@code SessionCleaner} has a {@code RetentionPass} delete old sessions where {@code <localRetention>} asks for it, on
 * a thread of its own. {@code Counters} keeps the books (I6), and {@code StatusReporter} tells what goes wrong while
 * the appender runs, as often as {@code Outages} and {@code Bound} allow (I8).
 *
 * <p>Knows {@code config}, {@code record}, {@code journal}, {@code upload}, {@code session} and {@code io}.
 */
@NullMarked
package ai.dreamlake.logback.internal.engine;

import org.jspecify.annotations.NullMarked;
