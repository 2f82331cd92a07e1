package ai.dreamlake.logback.internal.journal;

import org.jspecify.annotations.Nullable;

/**
 * One record on its way into a log. Reusable, by one thread at a time; its array belongs to the thread that appends it
 * until {@link Journal#append} returns.
 */
public final class Line {

    /** The number of a line that is not written. */
    static final long NOT_WRITTEN = -1;

    byte[] bytes = {};
    int length;
    boolean forced;

    @Nullable
    String description;

    long number = NOT_WRITTEN;

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
        this.number = NOT_WRITTEN;
        return this;
    }

    /** The record's sequence number, once it is written. */
    public long number() {
        return number;
    }
}
