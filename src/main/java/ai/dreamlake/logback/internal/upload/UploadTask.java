package ai.dreamlake.logback.internal.upload;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import org.jspecify.annotations.Nullable;

/**
 * Schedules the upload of one session. Threads that log report their records to it; one upload thread at a time works
 * on it.
 */
public final class UploadTask {

    private final SessionUpload upload;
    private final UploadScheduler scheduler;
    private final UploadSettings settings;
    private final UploadListener listener;

    /** Called when records become pending. */
    private final Runnable onPending;

    /** Whether the next process will find this session, even if this one is killed. */
    private volatile boolean marked;

    // Guarded by this.
    private @Nullable ScheduledFuture<?> next;
    private boolean scheduled;
    private boolean working;
    private boolean failing;
    private boolean writtenMeanwhile;
    private boolean hurried;

    /** Whether this task is no longer used; records must be reported to its successor. */
    private boolean forgotten;

    UploadTask(
            SessionUpload upload,
            UploadScheduler scheduler,
            UploadSettings settings,
            UploadListener listener,
            Runnable onPending) {
        this.upload = upload;
        this.scheduler = scheduler;
        this.settings = settings;
        this.listener = listener;
        this.onPending = onPending;
    }

    /**
     * Must be called before a record is appended. Makes sure that the next process finds the session, even if this one
     * is killed.
     *
     * @throws IOException if that is not possible; the record may be appended nevertheless
     */
    public void expectRecord() throws IOException {
        if (!marked) {
            upload.mark();
            marked = true;
        }
    }

    /**
     * Reports records that were appended to the log. Costs the caller next to nothing, whatever the server does.
     *
     * @param first the number of the first one
     * @param count how many they are; their numbers follow one another
     * @return false if this task is forgotten: the records must be reported to its successor
     */
    public synchronized boolean wrote(long first, long count) {
        if (forgotten) {
            return false;
        }
        long before = upload.pending();
        upload.wrote(first, count);
        int full = settings.maxBatchRecords();
        if (working) {
            writtenMeanwhile = true;
        } else if (!scheduled) {
            onPending.run();
            schedule(settings.interval());
        } else if (!failing && before < full && before + count >= full) {
            schedule(Duration.ZERO);
        }
        return true;
    }

    /**
     * Sends pending records without waiting for more. Does not shorten the wait before a retry, unless we are closing.
     *
     * @return false if this task is forgotten
     */
    public synchronized boolean hurry() {
        if (forgotten) {
            return false;
        }
        upload.hurry();
        if (working) {
            hurried = true;
            writtenMeanwhile = true; // others may have written what this look does not see
        } else if (!failing || scheduler.isClosing()) {
            schedule(Duration.ZERO);
        }
        return true;
    }

    /** The caller must hold this object's monitor. */
    private void schedule(Duration wait) {
        if (next != null) {
            next.cancel(false);
            next = null;
        }
        scheduled = false;
        next = scheduler.schedule(this::work, wait);
        scheduled = next != null; // otherwise the appender is stopped, or the next record tries again
    }

    private synchronized boolean isIdle() {
        return !scheduled && !working;
    }

    /** Whether there is nothing left to wait for. */
    synchronized boolean isDone() {
        return upload.isParked() || isIdle();
    }

    /**
     * Forgets this task if it has nothing to do and holds no state.
     *
     * @return whether it is forgotten now
     */
    public synchronized boolean tryForget() {
        if (isIdle() && upload.isForgettable()) {
            forgotten = true;
        }
        return forgotten;
    }

    SessionUpload upload() {
        return upload;
    }

    private void work() {
        synchronized (this) {
            if (working || forgotten) {
                return;
            }
            working = true;
            writtenMeanwhile = false;
            next = null;
            scheduled = false;
        }
        Duration wait = SessionUpload.NOTHING;
        try {
            wait = upload.work(scheduler.isClosing());
        } catch (Throwable fault) {
            wait = settings.callTimeout(); // a bug of ours, or out of memory; the records stay on disk
            listener.trouble("cannot upload session " + upload.name() + " at present: "
                    + fault.getClass().getName());
        } finally {
            finish(wait);
            scheduler.signalProgress();
        }
    }

    private synchronized void finish(Duration wait) {
        working = false;
        failing = upload.isFailing();
        boolean inHurry = hurried && (!failing || scheduler.isClosing());
        hurried = false;
        if (!wait.equals(SessionUpload.NOTHING)) {
            schedule(inHurry ? Duration.ZERO : wait);
        } else if (writtenMeanwhile && !upload.isParked()) {
            schedule(inHurry || scheduler.isClosing() ? Duration.ZERO : settings.interval());
        }
    }
}
