package ai.dreamlake.logback.internal.upload;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Schedules the upload of one session. Threads that log report their records to it; one upload thread at a time works
 * on it.
 */
public final class UploadTask {

    private final SessionUpload upload;
    private final PendingRecords pending;
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
    private boolean writtenMeanwhile;
    private boolean hurried;
    private boolean woken;

    /** How many expected records have not been reported yet. */
    private final AtomicLong expected = new AtomicLong();

    /** Whether a successor is used instead of this task. Written under the monitor. */
    private volatile boolean forgotten;

    UploadTask(
            SessionUpload upload,
            UploadScheduler scheduler,
            UploadSettings settings,
            UploadListener listener,
            Runnable onPending) {
        this.upload = upload;
        this.pending = upload.pending();
        this.scheduler = scheduler;
        this.settings = settings;
        this.listener = listener;
        this.onPending = onPending;
    }

    /**
     * Must be called before a record is appended. Afterwards, {@link #wrote} or {@link #unexpect} must be called; until
     * then, this task is not forgotten.
     *
     * @return false if this task is already forgotten: ask its successor
     */
    public boolean expectRecord() {
        expected.incrementAndGet();
        if (forgotten) {
            expected.decrementAndGet();
            return false;
        }
        return true;
    }

    /** The session is opened. While it was closed, somebody may have deleted its mark. */
    public void opened() {
        marked = false;
    }

    /** An expected record is not in the log, and will not be. */
    public void unexpect() {
        expected.decrementAndGet();
    }

    /**
     * Must be called before an expected record is appended. Makes sure that the next process finds the session, even if
     * this one is killed.
     *
     * @throws IOException if that is not possible; the record may be appended nevertheless
     */
    public void mark() throws IOException {
        if (!marked) {
            upload.mark();
            marked = true;
        }
        pending.reserve();
    }

    /**
     * Reports expected records that were appended to the log. Costs the caller next to nothing, whatever the server
     * does. They are noted before anything is allocated, so the books are right even if this throws an
     * OutOfMemoryError. {@link #remind} does the rest.
     *
     * @param first the number of the first one
     * @param count how many there are; their numbers are consecutive
     */
    public synchronized void wrote(long first, long count) {
        long before = pending.count();
        pending.wrote(first, count);
        expected.addAndGet(-count);
        scheduler.noteRecord();
        int full = settings.maxBatchRecords();
        if (working) {
            writtenMeanwhile = true;
        } else if (!scheduled) {
            schedule(intervalNanos());
            onPending.run();
        } else if (!upload.isFailing() && before < full && before + count >= full) {
            schedule(0);
        }
    }

    private long intervalNanos() {
        return scheduler.isClosing() ? 0 : settings.interval().toNanos();
    }

    /** Sends what is pending if nothing is scheduled, for example because no thread could be started. */
    public synchronized void remind() {
        if (isIdle() && !upload.isParked() && pending.count() > 0) {
            schedule(intervalNanos());
        }
    }

    /**
     * Sends pending records without waiting for more. Does not shorten the wait before a retry.
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
            writtenMeanwhile = true; // others may have written what this step does not see
        } else if (!scheduled || !upload.isFailing()) {
            schedule(0);
        }
        return true;
    }

    /** The server can be used again. If this session waits for that, its wait is over. */
    synchronized void wake() {
        woken = working; // the work under way may have asked just before
        if (scheduled && upload.isHeld()) {
            schedule(0);
        }
    }

    /** The caller must hold this object's monitor. */
    private void schedule(long nanos) {
        if (next != null) {
            next.cancel(false);
            next = null;
        }
        scheduled = false;
        if (forgotten) {
            return;
        }
        next = scheduler.schedule(this::work, Duration.ofNanos(nanos));
        scheduled = next != null; // otherwise the appender is stopped, or the next record tries again
    }

    private synchronized boolean isIdle() {
        return !scheduled && !working;
    }

    /** Whether there is nothing left to wait for. */
    synchronized boolean isDone() {
        return upload.isParked() || isIdle();
    }

    /** Whether there is nothing left that is worth waiting for. That is also so if the last attempt failed. */
    synchronized boolean isSettled() {
        return isDone() || !working && upload.isFailing();
    }

    /**
     * Forgets this task if it has nothing to do and holds no state.
     *
     * @return whether it is forgotten now
     */
    public synchronized boolean tryForget() {
        if (isIdle() && upload.isForgettable()) {
            forgotten = true; // first: a thread that expects a record now sees this, or is counted
            forgotten = expected.get() == 0 && upload.isForgettable();
        }
        return forgotten;
    }

    /** Whether it only waits, and a successor could do so as well. */
    public synchronized boolean isSuspendable() {
        return !working && !isDue() && upload.isSuspendable();
    }

    /** Whether its turn has come, even if no thread is free yet. Suspending it now would leave it in the queue. */
    private boolean isDue() {
        return next != null && next.isDone();
    }

    /**
     * Forgets this task although records are pending, if it only waits. Its successor, which is created for the same
     * pending records, sends them.
     *
     * @return whether it is forgotten now
     */
    public synchronized boolean trySuspend() {
        if (isSuspendable()) {
            pending.trim(); // before the rest: it allocates
            forgotten = true; // first, as above
            forgotten = expected.get() == 0 && upload.isSuspendable();
            if (forgotten) {
                if (next != null) {
                    next.cancel(false);
                }
            }
        }
        return forgotten;
    }

    /**
     * When it may be tried again, in terms of {@link System#nanoTime}. A wait of its own continues while it is
     * suspended.
     */
    synchronized long dueAt() {
        long wait = next != null && upload.isFailing() && !upload.isHeld() ? next.getDelay(TimeUnit.NANOSECONDS) : 0;
        return System.nanoTime() + wait;
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
            woken = false;
            next = null;
            scheduled = false;
        }
        long wait = SessionUpload.NEVER;
        try {
            wait = upload.step(scheduler.isClosing());
        } catch (Throwable fault) {
            wait = settings.callTimeout().toNanos(); // a bug here, or out of memory; the records stay on disk
            listener.trouble("cannot upload session " + upload.name() + " at present: "
                    + fault.getClass().getName());
        } finally {
            finish(wait);
            scheduler.signalProgress();
        }
    }

    private synchronized void finish(long wait) {
        working = false;
        boolean inHurry = hurried && !upload.isFailing() || woken && upload.isHeld();
        hurried = false;
        if (wait != SessionUpload.NEVER) {
            schedule(inHurry ? 0 : wait);
        } else if (writtenMeanwhile && !upload.isParked()) {
            schedule(inHurry ? 0 : intervalNanos());
        }
    }
}
