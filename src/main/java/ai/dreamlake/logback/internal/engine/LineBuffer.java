package ai.dreamlake.logback.internal.engine;

import ai.dreamlake.logback.internal.journal.Line;
import ai.dreamlake.logback.internal.record.RecordBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What a thread needs to write one record: the buffer that the record is encoded into, and the line that is appended.
 * It is reused.
 */
final class LineBuffer {

    final RecordBuffer record = new RecordBuffer();
    final Line line = new Line();

    /** The encoded record, as a line to append. */
    Line line(boolean forced, @Nullable String description) {
        return line.set(record.bytes(), record.length(), forced, description);
    }

    /** Releases everything that belongs to the application. */
    void clear() {
        line.clear();
    }

    /** How many bytes it keeps in memory. */
    int size() {
        return record.bytes().length;
    }
}
