package ai.dreamlake.logback.internal.engine;

import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.internal.upload.UploadListener;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * Reports what happens to records on their way to the server: to Logback's status manager (I8), and to the
 * application's listeners. Thread-safe.
 */
final class DeliveryReporter implements UploadListener {

    private final Counters counters;
    private final StatusReporter status;
    private final List<? extends UploadListener> listeners;

    private final AtomicBoolean withoutLocks = new AtomicBoolean();

    DeliveryReporter(Counters counters, StatusReporter status, List<? extends UploadListener> listeners) {
        this.counters = counters;
        this.status = status;
        this.listeners = List.copyOf(listeners);
    }

    @Override
    public void delivered(SessionName session, long records) {
        counters.deliveredByUs(records);
        status.serverWorks();
        notifyListeners(listener -> listener.delivered(session, records));
    }

    @Override
    public void retried(SessionName session, String reason, Duration wait) {
        counters.retried();
        counters.failed(reason);
        status.serverFails(reason);
        notifyListeners(listener -> listener.retried(session, reason, wait));
    }

    @Override
    public void hindered(SessionName session, IOException trouble, Duration wait, boolean isFirst) {
        counters.retried();
        counters.failed(trouble.toString());
        if (isFirst) {
            status.warn("Session " + session + " is not sent until its files can be used: " + trouble);
        }
        notifyListeners(listener -> listener.retried(session, trouble.toString(), wait));
    }

    @Override
    public void rejected(SessionName session, long records, String reason) {
        counters.failed(reason);
        status.warnOfLoss("Session " + session + ": the server refuses a record for good (" + reason
                + "). It is kept in rejected.jsonl beside the log.");
        notifyListeners(listener -> listener.rejected(session, records, reason));
    }

    @Override
    public void dropped(SessionName session, long records) {
        status.warnOfLoss("Session " + session + ": " + records
                + " records were dropped unsent, because the spool reached its limit.");
        notifyListeners(listener -> listener.dropped(session, records));
    }

    @Override
    public void lost(SessionName session, long records) {
        status.warnOfLoss(
                "Session " + session + ": " + records + " records are neither with the server nor on disk any more.");
    }

    @Override
    public void parked(SessionName session, String reason, String remedy) {
        counters.failed(reason);
        status.parked(session, reason, remedy);
        notifyListeners(listener -> listener.parked(session, reason, remedy));
    }

    @Override
    public void withoutLocks(IOException reason) {
        if (withoutLocks.compareAndSet(false, true)) {
            status.warn("Sessions are sent from a file system without locks: only one process may send them (" + reason
                    + ").");
        }
    }

    @Override
    public void trouble(String text) {
        counters.failed(text);
        status.warn(text);
    }

    /** Listeners are the application's code, so they may throw anything. */
    private void notifyListeners(Consumer<UploadListener> event) {
        for (UploadListener listener : listeners) {
            try {
                event.accept(listener);
            } catch (Throwable itsOwn) {
                status.warn("A DreamlakeListener throws " + itsOwn.getClass().getName()
                        + "; that does not affect delivery.");
            }
        }
    }
}
