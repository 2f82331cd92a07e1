package ai.dreamlake.server.http;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;

/**
 * A client's input, as long as it arrives fast enough. The client has some seconds, plus one second for each
 * {@value #SLOWEST_PER_SECOND} bytes received.
 */
final class PacedInput extends FilterInputStream {

    static final int SLOWEST_PER_SECOND = 1000;

    private final long patienceNanos;
    private final LongSupplier nanoTime;
    private final long start;
    private long bytes;

    /** @param nanoTime as {@link System#nanoTime} */
    PacedInput(InputStream in, int patienceSeconds, LongSupplier nanoTime) {
        super(in);
        this.patienceNanos = TimeUnit.SECONDS.toNanos(patienceSeconds);
        this.nanoTime = nanoTime;
        this.start = nanoTime.getAsLong();
    }

    @Override
    public int read() throws IOException {
        int read = super.read();
        return read < 0 ? read : checked(read, 1);
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        int count = super.read(buffer, offset, length);
        return count < 0 ? count : checked(count, count);
    }

    private int checked(int result, int count) throws IOException {
        bytes += count;
        long allowed = patienceNanos + TimeUnit.SECONDS.toNanos(bytes) / SLOWEST_PER_SECOND;
        if (nanoTime.getAsLong() - start > allowed) {
            throw new IOException(new TimeoutException("comes too slowly"));
        }
        return result;
    }
}
