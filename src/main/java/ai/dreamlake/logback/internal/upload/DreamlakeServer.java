package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.session.SessionName;
import java.io.IOException;
import tools.jackson.databind.node.ObjectNode;

/** The calls to a server that uploads need. Each is made once; the caller decides whether to repeat it. Thread-safe. */
interface DreamlakeServer {

    /** A call that got no answer. */
    final class NoResponseException extends IOException {
        private static final long serialVersionUID = 1;

        /** Whether the server may have acted on the request. If not, it was not even reached. */
        final boolean leavesDoubt;

        NoResponseException(IOException cause, boolean leavesDoubt) {
            // The class of a plain IOException tells nothing.
            super(cause.getClass() == IOException.class ? cause.getMessage() : cause.toString(), cause);
            this.leavesDoubt = leavesDoubt;
        }

        /** What went wrong, in one line. */
        String reason() {
            return String.valueOf(getMessage());
        }
    }

    /** Creates or updates a session. */
    ServerResponse upsert(SessionName session, ObjectNode description) throws NoResponseException;

    /**
     * Sends records.
     *
     * @param batch the body
     * @param key the {@code Idempotency-Key}
     * @param whileWaiting called on this thread when all is sent, before the answer is awaited; not if the call fails
     *     before
     */
    ServerResponse send(String sessionId, byte[] batch, String key, Runnable whileWaiting) throws NoResponseException;

    /**
     * Asks for the newest records, the newest first.
     *
     * @param offset how many of the newest to leave out
     */
    ServerResponse newest(String sessionId, int limit, int offset) throws NoResponseException;

    /** The token that was refused last; empty if none was. */
    String refusedToken();

    /** From the next call on, no body is compressed: for a server that does not take it. */
    void stopCompressing();

    /** Whether the calls are ours to end: then a failure is no fault of the server. */
    boolean isClosed();
}
