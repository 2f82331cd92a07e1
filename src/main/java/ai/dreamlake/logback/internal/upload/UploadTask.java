package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.io.StackHeadroom;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import org.jspecify.annotations.Nullable;

/**
 * The upload of one session, and when it is looked at next. Threads that log tell it of their records; one upload thread at a
 * time works on it.
 */
public final class UploadTask {

    private final SessionUpload upload;
    private final UploadScheduler scheduler;
    private final UploadSettings settings;
    private final UploadListener listener;

    /** Called when records begin to wait. */
    private final Runnable recordsWait;

    /** Whether the next process will find this session, whatever becomes of us. */
    private volatile boolean marked;

    // Guarded by this.
    private @Nullable ScheduledFuture<?> next;
    private boolean scheduled;
    private boolean working;
    private boolean failing;
    private boolean writtenMeanwhile;
    private boolean hurried;

    /** Whether it is in use no more; records must be told to its successor. */
    private boolean forgotten;

    UploadTask(
            SessionUpload upload,
            UploadScheduler scheduler,
            UploadSettings settings,
            UploadListener listener,
            Runnable recordsWait) {
        this.upload = upload;
        this.scheduler = scheduler;
        this.settings = settings;
        this.listener = listener;
        this.recordsWait = recordsWait;
    }

    /**
     * To be called before a record is appended, so that it is found whatever becomes of this process.
     *
     * @throws IOException if that cannot be assured. It need not keep the record from its log
     */
    public void expectRecord() throws IOException {
        if (!marked) {
            upload.mark();
            marked = true;
        }
        if (isIdle()) {
            StackHeadroom.require(); // for what wrote() will have to do: a queue must not be left half changed
        }
    }

    /**
     * A record was appended to the log. Costs the caller next to nothing, whatever the server does.
     *
     * @return false if this task is forgotten; its successor must be told
     */
    public synchronized boolean wrote(long number) {
        if (forgotten) {
            return false;
        }
        upload.wrote(number);
        if (working) {
            writtenMeanwhile = true;
        } else if (!scheduled) {
            recordsWait.run();
            schedule(settings.interval());
        } else if (!failing && upload.pending() == settings.maxBatchRecords()) {
            schedule(Duration.ZERO);
        }
        return true;
    }

    /** Sends what is there without waiting for more records; but waits for a server in trouble, unless this is the end. */
    synchronized void hurry() {
        upload.hurry();
        if (working) {
            hurried = true;
        } else if (!failing || scheduler.isClosing()) {
            schedule(Duration.ZERO);
        }
    }

    /** The lock must be held. */
    private void schedule(Duration wait) {
        if (next != null) {
            next.cancel(false);
            next = null;
        }
        scheduled = false;
        next = scheduler.schedule(this::work, wait);
        scheduled = next != null; // else the appender is stopped, or the next record tries again
    }

    private synchronized boolean isIdle() {
        return !scheduled && !working;
    }

    /** Whether there is nothing to wait for. */
    synchronized boolean isDone() {
        return upload.isParked() || isIdle();
    }

    /**
     * Forgets this task if it has nothing to do and nothing to remember.
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
            wait = settings.callTimeout(); // a fault of ours, or no memory; the records lie where they are
            listener.trouble("cannot upload session " + upload.name() + " at present: " + fault.getClass().getName());
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
