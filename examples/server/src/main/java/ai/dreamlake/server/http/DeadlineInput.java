package ai.dreamlake.server.http;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.io.EndPoint;

/** A client's input, with a deadline that holds whether the client sends slowly or not at all. */
final class DeadlineInput extends FilterInputStream {

    private final EndPoint connection;
    private final long idleMillis;
    private final long deadline;

    DeadlineInput(InputStream in, int seconds, EndPoint connection) {
        super(in);
        this.connection = connection;
        this.idleMillis = connection.getIdleTimeout();
        this.deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    /** During the read, the connection may be idle only for the time that is left. */
    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (left <= 0) {
            throw new IOException(new TimeoutException("comes too slowly"));
        }
        connection.setIdleTimeout(Math.min(left, idleMillis));
        try {
            return super.read(buffer, offset, length);
        } finally {
            connection.setIdleTimeout(idleMillis);
        }
    }
}
