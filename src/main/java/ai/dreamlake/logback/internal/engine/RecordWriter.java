package ai.dreamlake.logback.internal.engine;

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
 * Turns events into records and appends them to their sessions, on the thread that logs (I1). Whatever happens to an
 * event is counted (I6), and nothing is thrown (I3).
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
    private final LineBuffers buffers = new LineBuffers();

    /** The session of an earlier event. Not volatile: the value is immutable, and any thread's last one will do. */
    private SessionName last;

    /** How many events this thread is writing at the moment. An array, since that is a type of the JDK's. */
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
        this.last = new SessionName(keys.workspace(), keys.session());
    }

    void append(ILoggingEvent event) {
        if (Thread.currentThread() instanceof UploadThread) {
            return; // what sending records has to say must not become a record to send
        }
        Map<String, String> mdc = MdcReader.of(event);
        if (requireSession && !keys.isNamed(mdc)) {
            return;
        }
        counters.accepted();
        SessionName session = session(keys.workspaceOf(mdc), keys.sessionOf(mdc));
        int[] depth = this.depth.get();
        if (depth[0] == MAX_DEPTH) {
            counters.dropped(DropReason.RECURSION, 1);
            status.warn("An event is dropped: a value in it logs itself when it is read.");
            return;
        }
        depth[0]++;
        try {
            write(event, session, mdc.get(SessionKeys.DESCRIPTION));
        } catch (Throwable failure) {
            lost(session, failure);
            return;
        } finally {
            depth[0]--;
        }
        counters.written();
    }

    /** Most events go where the one before them went, and need no name of their own. */
    private SessionName session(String workspace, String session) {
        SessionName last = this.last;
        if (last.workspace().equals(workspace) && last.session().equals(session)) {
            return last;
        }
        SessionName named = new SessionName(workspace, session);
        this.last = named;
        return named;
    }

    private void write(ILoggingEvent event, SessionName session, @Nullable String description) throws IOException {
        LineBuffer buffer = buffers.take();
        RecordLevel level = encoder.encode(event, buffer.record);
        boolean forced = forcedFrom != null && level.compareTo(forcedFrom) >= 0;
        sessions.append(session, buffer.line(forced, description));
        try {
            buffers.giveBack(buffer); // not after a failure: nobody knows in what state that left it
        } catch (StackOverflowError bufferIsLost) {
            // The record is written all the same.
        }
    }

    private void lost(SessionName session, Throwable failure) {
        counters.dropped(reason(failure), 1);
        try {
            sessions.lost(session, failure);
        } catch (Throwable nothingLeft) {
            // No stack or no memory even for a word about it. The counters know.
        }
    }

    private static DropReason reason(Throwable failure) {
        if (failure instanceof SessionLockedException) {
            return DropReason.LOCKED;
        }
        return failure instanceof IOException ? DropReason.DISK : DropReason.ERROR;
    }
}
