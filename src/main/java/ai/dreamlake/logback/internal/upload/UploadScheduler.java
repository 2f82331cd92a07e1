package ai.dreamlake.logback.internal.upload;

import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The upload threads of one appender, and those who wait for them. All threads are daemons; there is none while there is
 * nothing to do.
 */
final class UploadScheduler {

    private static final long THREAD_IDLE_SECONDS = 5;

    /** Progress that came between a look and the wait is seen after this time. */
    private static final long MAX_LOOK_MILLIS = 20;

    private final ScheduledThreadPoolExecutor threads;
    private final Object progress = new Object();
    private volatile boolean closing;

    UploadScheduler(int maxThreads, String name) {
        AtomicInteger number = new AtomicInteger();
        this.threads = pool(maxThreads, work -> new UploadThread(work, name + "-" + number.incrementAndGet()));
    }

    /** A pool whose threads end when they have nothing to do, and which forgets its schedule when it is shut down. */
    static ScheduledThreadPoolExecutor pool(int maxThreads, ThreadFactory factory) {
        ScheduledThreadPoolExecutor pool = new ScheduledThreadPoolExecutor(maxThreads, factory);
        pool.setKeepAliveTime(THREAD_IDLE_SECONDS, TimeUnit.SECONDS);
        pool.allowCoreThreadTimeOut(true);
        pool.setRemoveOnCancelPolicy(true);
        pool.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        return pool;
    }

    /** Runs some work as soon as a thread is free. */
    void execute(Runnable work) {
        threads.execute(work);
    }

    /** Runs some work after a time. Null if that is not possible: the appender is stopped, or no thread can be started. */
    @Nullable ScheduledFuture<?> schedule(Runnable work, Duration wait) {
        try {
            if (threads.getPoolSize() == 0) {
                threads.prestartCoreThread(); // or it fails with the work in the queue, and nobody to do it
            }
            return threads.schedule(work, wait.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException | OutOfMemoryError failed) {
            return null;
        }
    }

    /** From now on everything is hurried. */
    void beginClosing() {
        closing = true;
    }

    boolean isClosing() {
        return closing;
    }

    /** Wakes those who wait for progress. */
    void signalProgress() {
        synchronized (progress) {
            progress.notifyAll();
        }
    }

    /**
     * Waits a moment for progress.
     *
     * @param deadline by {@link System#nanoTime}
     * @return false if the deadline has passed, or if the thread was interrupted; its flag stays set
     */
    boolean awaitProgress(long deadline) {
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (left <= 0) {
            return false;
        }
        try {
            synchronized (progress) {
                progress.wait(Math.min(left, MAX_LOOK_MILLIS));
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    void shutdown() {
        threads.shutdown();
    }

    /** Waits for the threads that are at work. */
    void awaitTermination(Duration timeout) throws InterruptedException {
        threads.awaitTermination(timeout.toNanos(), TimeUnit.NANOSECONDS);
    }
}
