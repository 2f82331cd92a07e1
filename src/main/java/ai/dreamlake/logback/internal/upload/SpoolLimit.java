package ai.dreamlake.logback.internal.upload;

import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Keeps a spool within its size limit (I4): once a second, while records are pending, it deletes the oldest segments in
 * excess. It has its own thread, since all upload threads may hang.
 */
final class SpoolLimit {

    private static final long CHECK_MILLIS = 1000;

    private final long maxBytes;
    private final UploadTasks tasks;
    private final UploadListener listener;
    private final ScheduledThreadPoolExecutor thread;
    private final AtomicBoolean watching = new AtomicBoolean();

    /** A file of a log, and when it was last written. */
    private record Waiting(SessionUpload upload, long length, long time) {}

    SpoolLimit(long maxBytes, UploadTasks tasks, UploadListener listener, String threadName) {
        this.maxBytes = maxBytes;
        this.tasks = tasks;
        this.listener = listener;
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
        } catch (RuntimeException failure) {
            listener.trouble("cannot free space in the spool: " + failure);
        } finally {
            for (UploadTask task : tasks.all()) {
                if (!task.isDone()) {
                    watch();
                    break;
                }
            }
        }
    }

    /**
     * Deletes the oldest logs until the rest fits. Logs that another process is sending are left for the next check.
     */
    private void keepToLimit() {
        tasks.all().forEach(task -> task.upload().cancelRequests());
        List<Waiting> oldestFirst = waiting();
        oldestFirst.sort(Comparator.comparingLong(Waiting::time));
        long excess = bytes(oldestFirst) - maxBytes;
        for (Waiting log : oldestFirst) {
            if (excess <= 0) {
                return;
            }
            try {
                excess -= log.upload.giveUpOldest(log.length);
            } catch (IOException failure) {
                listener.trouble("cannot free space in the spool: " + failure); // another session may be able to
            }
        }
    }

    /** How many bytes the spool is over its limit; zero or less if it is not. */
    long excess() {
        return bytes(waiting()) - maxBytes;
    }

    private static long bytes(List<Waiting> logs) {
        return logs.stream().mapToLong(Waiting::length).sum();
    }

    private List<Waiting> waiting() {
        List<Waiting> waiting = new ArrayList<>();
        for (UploadTask task : tasks.all()) {
            try {
                for (File log : task.upload().logs().all()) {
                    if (log.length() > 0) {
                        waiting.add(new Waiting(task.upload(), log.length(), log.lastModified()));
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

    void awaitTermination(long millis) throws InterruptedException {
        thread.awaitTermination(millis, TimeUnit.MILLISECONDS);
    }
}
