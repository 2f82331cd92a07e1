package ai.dreamlake.logback.internal.engine;

import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * A pool of buffers. A ThreadLocal would not do: pooled threads of the application would keep our classes from being
 * unloaded, and each virtual thread would keep a buffer.
 *
 * <p>Bounded in number and size (I4): a buffer that finds its place taken, or that a huge record enlarged, becomes
 * garbage.
 */
final class LineBuffers {

    /** More than there are threads that encode at the same moment, on most machines; a power of two. */
    private static final int PLACES = 64;

    private static final int MAX_KEPT_BYTES = 64 * 1024;

    private final AtomicReferenceArray<LineBuffer> places = new AtomicReferenceArray<>(PLACES);

    LineBuffer take() {
        int place = place();
        // Read first: an exchange costs more than a read.
        LineBuffer buffer = places.get(place) == null ? null : places.getAndSet(place, null);
        return buffer != null ? buffer : new LineBuffer();
    }

    void giveBack(LineBuffer buffer) {
        if (buffer.size() <= MAX_KEPT_BYTES) {
            buffer.clear();
            places.set(place(), buffer);
        }
    }

    private static int place() {
        return (int) Thread.currentThread().getId() & PLACES - 1;
    }
}
