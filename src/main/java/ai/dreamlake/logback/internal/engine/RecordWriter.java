package ai.dreamlake.logback.internal.engine;

import ai.dreamlake.logback.internal.engine.Counters.Tally;
import ai.dreamlake.logback.internal.journal.SessionLockedException;
import ai.dreamlake.logback.internal.record.MdcReader;
import ai.dreamlake.logback.internal.record.RecordEncoder;
import ai.dreamlake.logback.internal.record.RecordLevel;
import ai.dreamlake.logback.internal.session.SessionKeys;
import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.internal.upload.UploadThread;
import ch.qos.logback.classic.spi.ILoggingEvent;
import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Encodes events as records and appends them to their sessions, on the thread that logs (I1). It counts whatever
 * happens to an event (I6), and throws nothing (I3).
 */
final class RecordWriter {

    /** Bounds recursion by values whose {@code toString} logs. */
    private static final int MAX_DEPTH = 4;

    private final SessionKeys keys;
    private final boolean requireSession;
    private final RecordEncoder encoder;
    private final @Nullable RecordLevel forcedFrom;
    private final Sessions sessions;
    private final Counters counters;
    private final StatusReporter status;
    private final ClosedScopes closedScopes;
    private final LineBuffers buffers = new LineBuffers();

    /** The session of an earlier event. Not volatile: the value is immutable, and that of any thread will do. */
    private SessionName last;

    /** How many events this thread is writing. An array, so that the thread holds only a type of the JDK. */
    private final ThreadLocal<int[]> depth = ThreadLocal.withInitial(() -> new int[1]);

    /** @param forcedFrom the lowest level that is forced to the device, or null for none */
    RecordWriter(
            SessionKeys keys,
            boolean requireSession,
            RecordEncoder encoder,
            @Nullable RecordLevel forcedFrom,
            Sessions sessions,
            Counters counters,
            StatusReporter status) {
        this.keys = keys;
        this.requireSession = requireSession;
        this.encoder = encoder;
        this.forcedFrom = forcedFrom;
        this.sessions = sessions;
        this.counters = counters;
        this.status = status;
        this.closedScopes = new ClosedScopes(status);
        this.last = new SessionName(keys.workspace(), keys.session());
    }

    void append(ILoggingEvent event) {
        if (Thread.currentThread() instanceof UploadThread) {
            return; // sending records logs, and that must not become records to send
        }
        Tally tally = counters.tally();
        SessionName session = last;
        LineBuffer buffer = null;
        boolean accepted = false;
        Throwable failure = null;
        try {
            Map<String, String> mdc = closedScopes.withoutClosed(MdcReader.of(event), event);
            if (requireSession && !keys.isNamed(mdc)) {
                return;
            }
            synchronized (tally) {
                tally.accepted++;
            }
            accepted = true;
            session = session(keys.workspaceOf(mdc), keys.sessionOf(mdc));
            int[] depth = this.depth.get();
            if (depth[0] == MAX_DEPTH) {
                throw new RecursionException();
            }
            depth[0]++;
            try {
                buffer = buffers.take();
                write(event, session, mdc.get(SessionKeys.DESCRIPTION), buffer);
            } finally {
                depth[0]--;
            }
        } catch (Throwable thrown) {
            failure = thrown;
        }
        // No call and no allocation until the event is counted: see Tally.
        boolean written = failure == null || buffer != null && buffer.line.written;
        synchronized (tally) {
            if (!accepted) {
                tally.accepted++;
            }
            if (written) {
                tally.written++;
            } else if (failure instanceof RecursionException) {
                tally.recursion++;
            } else if (failure instanceof SessionLockedException) {
                tally.locked++;
            } else if (failure instanceof IOException) {
                tally.disk++;
            } else {
                tally.error++;
            }
        }
        try {
            if (failure == null && buffer != null) {
                buffers.giveBack(buffer); // not after a failure, which may leave it in any state
            } else if (failure != null && !written) {
                lost(session, failure);
            }
        } catch (Throwable nothingLeft) {
            // Stack or memory is exhausted, so the buffer is not returned or the loss not reported. It is counted.
        }
    }

    /** Control flow, hence no stack trace: a value in the event logs itself when it is read. */
    private static final class RecursionException extends RuntimeException {
        private static final long serialVersionUID = 1;

        RecursionException() {
            super(null, null, false, false);
        }
    }

    /** Most events go to the same session as the previous one, so they need no new name. */
    private SessionName session(String workspace, String session) {
        SessionName last = this.last;
        if (last.workspace().equals(workspace) && last.session().equals(session)) {
            return last;
        }
        SessionName named = new SessionName(workspace, session);
        this.last = named;
        return named;
    }

    private void write(ILoggingEvent event, SessionName session, @Nullable String description, LineBuffer buffer)
            throws IOException {
        RecordLevel level = encoder.encode(event, buffer.record);
        boolean forced = forcedFrom != null && level.compareTo(forcedFrom) >= 0;
        sessions.append(session, buffer.line(forced, description));
    }

    private void lost(SessionName session, Throwable failure) {
        if (failure instanceof RecursionException) {
            status.warnOfLoss("An event is dropped: a value in it logs itself when it is read.");
        } else {
            sessions.lost(session, failure);
        }
    }
}
