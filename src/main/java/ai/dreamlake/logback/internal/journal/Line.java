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
     * Whether the record is in the log or the tail, even if {@link Journal#append} throws. A public field, since a
     * caller may have no stack left for a method call.
     */
    public boolean written;

    /** Whether no more files will be closed to free descriptors for the record's side files. */
    private boolean lastAttempt;

    /**
     * Sets everything about the next record.
     *
     * @param bytes the record up to its number, then {@code LineFormat.ROOM_FOR_NUMBER} bytes of room, which are
     *     overwritten
     * @param length the record's length
     * @param forced whether to wait until the device has the record
     * @param description as {@code SessionDescription.toText} returned it, or null
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

    /** Drops all references to the application's objects. */
    public void clear() {
        description = null;
        listener = null;
        written = false;
    }

    /**
     * Sets the listener that is notified, at once or later, of the number that the record gets. Without a call nobody
     * is.
     */
    public void reportTo(WriteListener listener) {
        this.listener = listener;
    }

    /**
     * From now on, a side file that cannot be opened for lack of file descriptors no longer stops the record from being
     * written: nothing more can be done about it.
     */
    public void makeLastAttempt() {
        lastAttempt = true;
    }

    /**
     * Whether exhausted file descriptors caused a failure, and another attempt is worthwhile after closing some files.
     */
    public boolean needsDescriptors(IOException failure) {
        return !lastAttempt && FileDescriptors.areExhausted(failure);
    }

    /** Notes that {@link Journal#step} has something to do, because this record opened its session. */
    public void wakeKeeper() {
        wakesKeeper = true;
    }

    /** Whether {@link Journal#step} has something to do because this record was appended. */
    public boolean wakesKeeper() {
        return wakesKeeper;
    }
}
