/**
 * What a record is. {@link ai.dreamlake.logback.internal.record.RecordEncoder} turns an event into one line of JSON, whatever the
 * event holds; {@link ai.dreamlake.logback.internal.record.LineFormat} has every literal of a line, finishes it with its number,
 * and takes the number off again.
 *
 * <p>Pure: no file, no thread, no clock, no network. Knows {@code io}.
 */
@NullMarked
package ai.dreamlake.logback.internal.record;

import org.jspecify.annotations.NullMarked;
