package ai.dreamlake.logback.internal.record;

import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * A few buffers for use again. No ThreadLocal: a pool of application threads would keep our classes alive after their
 * class loader, and virtual threads would keep a buffer each.
 *
 * <p>Bounded in number and size (I4): a buffer that finds its place taken, or that a huge record blew up, is left to the
 * garbage collector.
 */
public final class RecordBuffers {

    /** More than threads that encode at one moment, on most machines; a power of two. */
    private static final int PLACES = 64;

    private static final int LARGEST_KEPT = 64 * 1024;

    private final AtomicReferenceArray<RecordBuffer> places = new AtomicReferenceArray<>(PLACES);

    public RecordBuffer take() {
        int place = place();
        // A look first: exchanging is dearer than reading.
        RecordBuffer buffer = places.get(place) == null ? null : places.getAndSet(place, null);
        return buffer != null ? buffer : new RecordBuffer();
    }

    public void giveBack(RecordBuffer buffer) {
        if (buffer.bytes().length <= LARGEST_KEPT) {
            places.set(place(), buffer);
        }
    }

    private static int place() {
        return (int) Thread.currentThread().getId() & PLACES - 1;
    }
}
