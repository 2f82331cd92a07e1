package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.internal.upload.SuspendedUploads.Suspended;
import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a spool within its size limit (I4). It looks once a second while records are pending, and whenever enough was
 * written that the limit may be exceeded, and deletes the oldest logs in excess. Threads that log wait for that, so the
 * limit holds at any speed. The work has its own thread, since all upload threads may hang, and a thread that logs may
 * be interrupted.
 */
final class SpoolLimit {

    private static final long CHECK_MILLIS = 1000;

    /** The longest wait of a thread that logs: if nothing can be deleted, records are more important. */
    private static final long MAX_WAIT_MILLIS = 200;

    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final int MAX_ATTEMPTS = 50;

    private final long maxBytes;
    private final UploadTasks tasks;
    private final SuspendedUploads suspended;
    private final UploadListener listener;

    /** How many bytes were written since the start. */
    private final AtomicLong written;

    private final ScheduledThreadPoolExecutor thread;
    private final AtomicBoolean watching = new AtomicBoolean();
    private final AtomicBoolean asked = new AtomicBoolean();

    /** Once this many bytes have been written, the limit may be exceeded. Written under the monitor. */
    private volatile long checkAt;

    /** Whether the last attempts did not free enough: another process may be sending. Used only by the thread. */
    private boolean stuck;

    /**
     * A file of a log, or all files of a suspended session, and when it was last written.
     *
     * @param upload null if the session is suspended
     */
    private record Waiting(SessionName name, @Nullable SessionUpload upload, long length, long time) {}

    /** @param written how many bytes were written since the start; other threads add to it */
    SpoolLimit(
            long maxBytes,
            UploadTasks tasks,
            SuspendedUploads suspended,
            UploadListener listener,
            AtomicLong written,
            String threadName) {
        this.maxBytes = maxBytes;
        this.tasks = tasks;
        this.suspended = suspended;
        this.listener = listener;
        this.written = written;
        this.thread = UploadScheduler.pool(1, work -> new UploadThread(work, threadName));
    }

    /** Starts to watch the size, until no records are pending. */
    void watch() {
        if (thread.isShutdown() || !watching.compareAndSet(false, true)) {
            return;
        }
        try {
            thread.prestartCoreThread();
            thread.schedule(this::watchOnce, CHECK_MILLIS, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException | OutOfMemoryError noThread) {
            watching.set(false);
        }
    }

    private void watchOnce() {
        watching.set(false);
        try {
            keepToLimit();
        } finally {
            if (suspended.areWaiting()) {
                watch();
            }
            for (UploadTask task : tasks.all()) {
                if (!task.isDone()) {
                    watch();
                    break;
                }
            }
        }
    }

    /**
     * Waits while the spool may be over its limit. Must be called after a record is written, under no lock. Costs next
     * to nothing while there is room. An interrupted thread waits, too, and stays interrupted.
     */
    void awaitRoom() {
        if (written.get() - checkAt < 0 || !ask()) {
            return;
        }
        boolean interrupted = false;
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(MAX_WAIT_MILLIS);
        synchronized (this) {
            for (long left = MAX_WAIT_MILLIS; left > 0 && written.get() - checkAt >= 0; ) {
                try {
                    wait(left);
                } catch (InterruptedException e) {
                    interrupted = true;
                }
                left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean ask() {
        if (thread.isShutdown()) {
            return false;
        }
        if (!asked.compareAndSet(false, true)) {
            return true;
        }
        try {
            thread.execute(() -> {
                asked.set(false);
                keepToLimit();
            });
            return true;
        } catch (RejectedExecutionException | OutOfMemoryError noThread) {
            asked.set(false);
            return false;
        }
    }

    private void keepToLimit() {
        long writtenBefore = written.get();
        long left = maxBytes;
        try {
            left = freeExcess();
            for (int attempt = 1; left > maxBytes && !stuck && attempt < MAX_ATTEMPTS; attempt++) {
                LockSupport.parkNanos(RETRY_NANOS); // an upload has just taken the lock, but not opened its log yet
                writtenBefore = written.get();
                left = freeExcess();
            }
            stuck = left > maxBytes;
        } catch (RuntimeException | OutOfMemoryError failure) {
            listener.trouble("cannot free space in the spool: " + failure);
        }
        synchronized (this) {
            // If nothing more can be deleted, nobody waits again before a 64th of the limit is written.
            checkAt = writtenBefore + Math.max(maxBytes / 64, maxBytes - left);
            notifyAll();
        }
    }

    /**
     * Deletes the oldest logs until the rest fits. Logs that another process is sending are left for the next check.
     *
     * @return how many bytes are left
     */
    private long freeExcess() {
        List<Waiting> oldestFirst = waiting();
        long left = oldestFirst.stream().mapToLong(Waiting::length).sum();
        if (left + suspended.length() <= maxBytes) {
            return left + suspended.length();
        }
        Set<SessionName> counted = oldestFirst.stream().map(Waiting::name).collect(Collectors.toSet());
        for (Suspended session : suspended.all()) {
            if (!counted.contains(session.name())) { // it may have been suspended during this look
                oldestFirst.add(new Waiting(session.name(), null, session.length(), session.time()));
                left += session.length();
            }
        }
        oldestFirst.sort(Comparator.comparingLong(Waiting::time));
        for (Waiting log : oldestFirst) {
            if (left <= maxBytes) {
                break;
            }
            try {
                left -= log.upload != null ? log.upload.makeRoom() : makeRoom(log);
            } catch (IOException failure) {
                listener.trouble("cannot free space in the spool: "
                        + failure); // there may be something to delete in another session
            }
        }
        return left;
    }

    /** Makes room in a session that was suspended. Returns how many bytes less it takes than was noted. */
    private long makeRoom(Waiting suspended) throws IOException {
        SessionUpload upload = tasks.leftover(suspended.name).upload();
        try {
            upload.makeRoom();
        } finally {
            while (!tasks.leftover(suspended.name).hurry()) {
                // It has just been suspended again.
            }
        }
        return suspended.length
                - upload.logs().all().stream().mapToLong(File::length).sum();
    }

    private List<Waiting> waiting() {
        List<Waiting> waiting = new ArrayList<>();
        for (UploadTask task : tasks.all()) {
            try {
                for (File log : task.upload().logs().all()) {
                    if (log.length() > 0) {
                        waiting.add(new Waiting(task.upload().name(), task.upload(), log.length(), log.lastModified()));
                    }
                }
            } catch (IOException unreadable) {
                listener.trouble("cannot determine the size of the spool: " + unreadable);
            }
        }
        return waiting;
    }

    void shutdown() {
        thread.shutdown();
    }

    void awaitTermination() {
        UploadScheduler.awaitTermination(thread);
    }
}
