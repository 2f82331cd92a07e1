package ai.dreamlake.logback.internal.journal;

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
    boolean written;

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
        return this;
    }

    /** Forgets what belongs to the application. */
    public void clear() {
        description = null;
        listener = null;
    }

    /** Sets who hears, at once or later, which number the record gets. Nobody does otherwise. */
    public void reportTo(WriteListener listener) {
        this.listener = listener;
    }

    /** Whether {@link Journal#step} has something to do since this record was appended. */
    public boolean wakesKeeper() {
        return wakesKeeper;
    }
}
