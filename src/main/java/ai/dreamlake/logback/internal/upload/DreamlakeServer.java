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
            // The name of a plain IOException says nothing.
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
     * @param whileWaiting called on this thread once everything is sent, before waiting for the answer; not called if
     *     the call fails earlier
     */
    ServerResponse send(String sessionId, byte[] batch, String key, Runnable whileWaiting) throws NoResponseException;

    /**
     * Asks for the newest records, the newest first.
     *
     * @param offset how many of the newest to leave out
     */
    ServerResponse newest(String sessionId, int limit, int offset) throws NoResponseException;

    /** The last token that the server refused; empty if it refused none. */
    String refusedToken();

    /** Compresses no body from the next call on, for a server that does not accept it. */
    void stopCompressing();

    /** Whether we have ended the calls ourselves. Then a failure is not the server's fault. */
    boolean isClosed();
}
