package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.record.LineFormat;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The copies of the staged records in the heap. Records are written from here, so a broken tail costs a living process
 * nothing. Not synchronized: the journal's monitor guards it.
 */
final class StagedLines {

    /** A little more than a tail holds: here, each record includes the start of its number field. */
    private static final int SIZE = MappedTail.SIZE * 5 / 4;

    private static final int MAX_LINES = 1024;

    /** The most bytes that {@link #finish} can write. */
    static final int MAX_FINISHED = SIZE + MAX_LINES * LineFormat.ROOM_FOR_NUMBER;

    private static final byte[] NOTHING = {};
    private static final int[] NO_LINES = {};

    private byte[] bytes = NOTHING;
    private int[] ends = NO_LINES;

    /**
     * How many records are staged. {@link Staging} increments this field directly, because a call could overflow the
     * stack.
     */
    int count;

    /** Where the first line begins in the tail. Without a line, the tail is empty. */
    private int startInTail = TailHeader.SIZE;

    private @Nullable WriteListener listener;

    /** Allocates the memory, which is kept while there is a tail. */
    void allocate() {
        if (bytes.length == 0) {
            bytes = new byte[SIZE];
            ends = new int[MAX_LINES];
        }
    }

    /** Forgets all records, and frees the memory. */
    void free() {
        count = 0;
        startInTail = TailHeader.SIZE;
        listener = null;
        bytes = NOTHING;
        ends = NO_LINES;
    }

    int count() {
        return count;
    }

    /** Notified of these records' numbers. All of them have the same listener. */
    @Nullable
    WriteListener listener() {
        return listener;
    }

    private int start(int line) {
        return line == 0 ? 0 : ends[line - 1];
    }

    boolean hasRoomFor(Line line) {
        return count < ends.length
                && line.length <= bytes.length - start(count)
                && (count == 0 || line.listener == listener);
    }

    /** Copies a record. It does not count until {@link #count} is incremented. */
    void prepare(Line line) {
        int start = start(count);
        System.arraycopy(line.bytes, 0, bytes, start, line.length);
        ends[count] = start + line.length;
        listener = line.listener;
    }

    /** Copies all records, with their numbers, into an array. Returns where they end. */
    int finish(byte[] target, long first) {
        int end = 0;
        for (int line = 0; line < count; line++) {
            int start = start(line);
            int length = ends[line] - start;
            System.arraycopy(bytes, start, target, end, length);
            end = LineFormat.finish(target, end + length, first + line);
        }
        return end;
    }

    /** The finished lines, starting with line {@code from}, which gets the number {@code first}. */
    List<byte[]> finished(int from, long first) {
        List<byte[]> finished = new ArrayList<>();
        for (int line = from; line < count; line++) {
            int length = ends[line] - start(line);
            byte[] numbered = Arrays.copyOfRange(bytes, start(line), ends[line] + LineFormat.ROOM_FOR_NUMBER);
            finished.add(Arrays.copyOf(numbered, LineFormat.finish(numbered, length, first + line - from)));
        }
        return finished;
    }

    /** Where a line ends in the tail. */
    int endInTail(int line) {
        int position = startInTail;
        for (int i = 0; i <= line; i++) {
            position += MappedTail.stagedLength(ends[i] - start(i));
        }
        return position;
    }

    /** Forgets the first records. */
    void dropFirst(int lines) {
        if (lines == 0) {
            return;
        }
        startInTail = lines == count ? TailHeader.SIZE : endInTail(lines - 1);
        int dropped = start(lines);
        int end = start(count);
        System.arraycopy(bytes, dropped, bytes, 0, end - dropped);
        for (int line = lines; line < count; line++) {
            ends[line - lines] = ends[line] - dropped;
        }
        count -= lines;
    }
}
