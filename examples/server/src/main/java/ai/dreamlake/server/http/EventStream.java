package ai.dreamlake.server.http;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;

/**
 * Server-sent events to one client, written without waiting for it: a client that reads slowly holds up nobody, and at
 * most one piece waits for it.
 *
 * <p>Thread-safe.
 */
final class EventStream implements WriteListener {

    private final ServletOutputStream out;
    private final CompletableFuture<Void> end = new CompletableFuture<>();
    private final Runnable ready;

    /** All guarded by this. */
    private byte[] waiting;

    private boolean isUnflushed = true; // the headers are
    private boolean isIdle;

    /**
     * @param ready called when the next piece can be sent, on a thread of the server's: it must not wait for anything
     */
    EventStream(ServletOutputStream out, Runnable ready) {
        this.out = out;
        this.ready = ready;
    }

    /** Begins; to be called once the request is asynchronous. The future is done at the end, whatever the reason. */
    CompletableFuture<Void> start() {
        out.setWriteListener(this);
        return end;
    }

    /** Whether all that was sent is on its way, and more may be sent. */
    synchronized boolean isReady() {
        return isIdle && !end.isDone();
    }

    boolean isClosed() {
        return end.isDone();
    }

    /** Sends a piece, if the stream {@link #isReady}; one thread at a time may ask and send. */
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

    /** Ends it. A second call does nothing. */
    void close() {
        end.complete(null);
    }
}
