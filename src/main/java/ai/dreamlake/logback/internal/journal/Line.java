package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.io.FileDescriptors;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** One record on its way into a log. Reusable, by one thread at a time. */
public final class Line {

    byte[] bytes = {};
    int length;
    boolean forced;

    @Nullable
    String description;

    @Nullable
    WriteListener listener;

    boolean wakesKeeper;

    /**
     * Whether the record is in the log or the tail, even if {@link Journal#append} throws. A field, since whoever asks
     * may have no stack left for a call.
     */
    public boolean written;

    /** Whether nobody closes files any more to get descriptors for what else the record needs. */
    private boolean lastAttempt;

    /**
     * Sets all there is to know about the next record.
     *
     * @param bytes the record up to where its number stands, with {@code LineFormat.ROOM_FOR_NUMBER} bytes of room
     *     after it, which are overwritten
     * @param length the record's length
     * @param forced whether to wait until the device has the record
     * @param description what {@code SessionDescription.toText} made, or null
     */
    public Line set(byte[] bytes, int length, boolean forced, @Nullable String description) {
        this.bytes = bytes;
        this.length = length;
        this.forced = forced;
        this.description = description;
        this.listener = null;
        this.wakesKeeper = false;
        this.written = false;
        this.lastAttempt = false;
        return this;
    }

    /** Forgets what belongs to the application. */
    public void clear() {
        description = null;
        listener = null;
        written = false;
    }

    /** Sets who hears, at once or later, which number the record gets. Nobody does otherwise. */
    public void reportTo(WriteListener listener) {
        this.listener = listener;
    }

    /**
     * From now on, a side file that cannot be opened for want of file descriptors no longer keeps the record from the
     * log: nothing can be done about it.
     */
    public void makeLastAttempt() {
        lastAttempt = true;
    }

    /** Whether that is why something failed, and worth another attempt after some files were closed. */
    public boolean needsDescriptors(IOException failure) {
        return !lastAttempt && FileDescriptors.areExhausted(failure);
    }

    /** There is something for {@link Journal#step} to do since this record opened its session. */
    public void wakeKeeper() {
        wakesKeeper = true;
    }

    /** Whether {@link Journal#step} has something to do since this record was appended. */
    public boolean wakesKeeper() {
        return wakesKeeper;
    }
}
