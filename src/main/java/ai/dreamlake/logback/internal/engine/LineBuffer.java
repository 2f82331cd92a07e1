package ai.dreamlake.logback.internal.engine;

import ai.dreamlake.logback.internal.journal.Line;
import ai.dreamlake.logback.internal.record.RecordBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What a thread needs to write one record, for reuse: the buffer that it is encoded into, and the line that is
 * appended.
 */
final class LineBuffer {

    final RecordBuffer record = new RecordBuffer();
    final Line line = new Line();

    /** The record that was encoded, as a line to append. */
    Line line(boolean forced, @Nullable String description) {
        return line.set(record.bytes(), record.length(), forced, description);
    }

    /** Keeps nothing that belongs to the application. */
    void clear() {
        line.clear();
    }

    /** How much memory it keeps. */
    int size() {
        return record.bytes().length;
    }
}
