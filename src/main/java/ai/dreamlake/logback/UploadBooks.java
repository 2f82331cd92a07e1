package ai.dreamlake.logback;

import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.internal.upload.UploadListener;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/**
 * Counts what happens on the way to the server (I6), tells Logback's status manager of it, quietly (I8), and tells the
 * application's listeners. Thread-safe.
 */
final class UploadBooks implements UploadListener {

    private final Announcer announcer;
    private final List<DreamlakeListener> listeners;
    private final LongAdder delivered = new LongAdder();
    private final LongAdder rejected = new LongAdder();
    private final LongAdder dropped = new LongAdder();
    private final LongAdder retries = new LongAdder();
    private volatile String lastError;

    UploadBooks(Announcer announcer, List<DreamlakeListener> listeners) {
        this.announcer = announcer;
        this.listeners = List.copyOf(listeners);
    }

    @Override
    public void delivered(SessionName session, long records, long ours) {
        delivered.add(ours);
        if (records == 0) {
            return;
        }
        announcer.uploads();
        tell(listener -> listener.delivered(session.workspace(), session.session(), records));
    }

    @Override
    public void retried(SessionName session, String reason, Duration wait) {
        retries.increment();
        lastError = reason;
        announcer.uploadFails(reason);
        tell(listener -> listener.retried(session.workspace(), session.session(), reason, wait));
    }

    @Override
    public void rejected(SessionName session, long records, long ours, String reason) {
        rejected.add(ours);
        lastError = reason;
        announcer.warn("Session " + session + ": the server refuses a record for good (" + reason
                + "). It is kept in rejected.jsonl beside the log.");
        tell(listener -> listener.rejected(session.workspace(), session.session(), records, reason));
    }

    @Override
    public void dropped(SessionName session, long records, long ours) {
        dropped.add(ours);
        announcer.warn("Session " + session + ": " + records + " records were dropped unsent, for the spool reached its limit.");
        tell(listener -> listener.dropped(session.workspace(), session.session(), records, "the spool was full"));
    }

    @Override
    public void lost(SessionName session, long ours) {
        dropped.add(ours);
        announcer.warn("Session " + session + ": " + ours + " records are neither with the server nor on disk any more.");
    }

    @Override
    public void parked(SessionName session, String reason) {
        lastError = reason;
        announcer.parked(session, reason);
        tell(listener -> listener.parked(session.workspace(), session.session(), reason));
    }

    @Override
    public void trouble(String text) {
        lastError = text;
        announcer.warn(text);
    }

    /** Listeners are the application's code. */
    private void tell(Consumer<DreamlakeListener> event) {
        for (DreamlakeListener listener : listeners) {
            try {
                event.accept(listener);
            } catch (Throwable itsOwn) {
                announcer.warn("A DreamlakeListener throws " + itsOwn.getClass().getName() + "; that does no harm.");
            }
        }
    }

    long delivered() {
        return delivered.sum();
    }

    long rejected() {
        return rejected.sum();
    }

    long dropped() {
        return dropped.sum();
    }

    long retries() {
        return retries.sum();
    }

    String lastError() {
        return lastError;
    }
}
