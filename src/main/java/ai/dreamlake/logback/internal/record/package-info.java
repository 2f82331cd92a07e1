/**
 * The format of records. {@link ai.dreamlake.logback.internal.record.RecordEncoder} turns an event into one line of
 * JSON, whatever the event contains. {@link ai.dreamlake.logback.internal.record.LineFormat} defines all literals of a
 * line, appends the number that completes it, and removes the number again.
 *
 * <p>Uses no file, thread, clock or network. Depends only on {@code io}.
 */
@NullMarked
package ai.dreamlake.logback.internal.record;

import org.jspecify.annotations.NullMarked;
