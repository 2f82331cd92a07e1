package ai.dreamlake.server.http;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/**
 * Server-sent events to one client. Sending never waits: a client that reads slowly does not delay others. At most one
 * piece is pending for it.
 *
 * <p>Thread-safe.
 */
final class EventStream implements WriteListener {

    private final ServletOutputStream out;
    private final CompletableFuture<Void> end = new CompletableFuture<>();
    private final Runnable ready;

    /** All guarded by this. Null if nothing is pending. */
    private byte[] waiting;

    private boolean isUnflushed = true; // the headers are not flushed yet
    private boolean isIdle;

    /** @param ready called on a server thread when the next piece can be sent; it must not block */
    EventStream(ServletOutputStream out, Runnable ready) {
        this.out = out;
        this.ready = ready;
    }

    /**
     * Starts. Call it once the request is asynchronous. The future completes at the end of the stream, whatever the
     * reason.
     */
    CompletableFuture<Void> start() {
        out.setWriteListener(this);
        return end;
    }

    /** Whether everything sent so far has been handed to the connection, and more can be sent. */
    synchronized boolean isReady() {
        return isIdle && !end.isDone();
    }

    boolean isClosed() {
        return end.isDone();
    }

    /** Sends a piece if the stream {@link #isReady}. Only one thread at a time may check and send. */
    void send(byte[] piece) {
        synchronized (this) {
            if (!isReady()) {
                return;
            }
            isIdle = false;
            waiting = piece;
        }
        write();
    }

    @Override
    public void onWritePossible() {
        write();
        if (isReady()) {
            ready.run();
        }
    }

    private void write() {
        try {
            synchronized (this) {
                while (!end.isDone() && out.isReady()) {
                    if (waiting != null) {
                        byte[] piece = waiting;
                        waiting = null;
                        isUnflushed = true;
                        out.write(piece);
                    } else if (isUnflushed) {
                        isUnflushed = false;
                        out.flush();
                    } else {
                        isIdle = true;
                        return;
                    }
                }
            }
        } catch (IOException | IllegalStateException gone) {
            close();
        }
    }

    @Override
    public void onError(Throwable gone) {
        close();
    }

    /** Ends the stream. A second call does nothing. */
    void close() {
        end.complete(null);
    }
}
