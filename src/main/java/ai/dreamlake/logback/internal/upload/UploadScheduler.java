package ai.dreamlake.logback.internal.upload;

import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The upload threads of one appender, and how other threads wait for their progress. All upload threads are daemons,
 * and end when there is nothing to do.
 */
final class UploadScheduler {

    private static final Duration MAX_TIMEOUT = Duration.ofDays(365);
    private static final long THREAD_IDLE_SECONDS = 5;

    /** The longest wait for a signal: one that comes just before the wait is missed. */
    private static final long MAX_WAIT_MILLIS = 20;

    /** How long work whose calls were canceled has to clean up. */
    private static final long MAX_END_MILLIS = 500;

    /** Only waits. Work that is due is done by the upload threads, as soon as one is free. */
    private final ScheduledThreadPoolExecutor timer;

    private final ThreadPoolExecutor threads;
    private final Object progress = new Object();
    private volatile boolean closing;

    /** When the last record was written since closing began. */
    private volatile long recordAt;

    UploadScheduler(int maxThreads, String name) {
        AtomicInteger number = new AtomicInteger();
        this.timer = pool(1, work -> new UploadThread(work, name + "-timer"));
        this.threads = new ThreadPoolExecutor(
                maxThreads,
                maxThreads,
                THREAD_IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                work -> new UploadThread(work, name + "-" + number.incrementAndGet()));
        threads.allowCoreThreadTimeOut(true);
    }

    /** A pool whose threads end when they have nothing to do, and which discards delayed tasks when it is shut down. */
    static ScheduledThreadPoolExecutor pool(int maxThreads, ThreadFactory factory) {
        ScheduledThreadPoolExecutor pool = new ScheduledThreadPoolExecutor(maxThreads, factory);
        pool.setKeepAliveTime(THREAD_IDLE_SECONDS, TimeUnit.SECONDS);
        pool.allowCoreThreadTimeOut(true);
        pool.setRemoveOnCancelPolicy(true);
        pool.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        return pool;
    }

    /** Runs work as soon as a thread is free. */
    void execute(Runnable work) {
        threads.execute(work);
    }

    /** Runs work after a delay. Null if that is impossible: the appender is stopped, or no thread can be started. */
    @Nullable
    ScheduledFuture<?> schedule(Runnable work, Duration wait) {
        try {
            if (timer.getPoolSize() == 0) {
                timer.prestartCoreThread(); // first: a failure must not leave work in a queue without a thread
            }
            return timer.schedule(() -> hand(work), wait.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException | OutOfMemoryError failed) {
            return null;
        }
    }

    private void hand(Runnable work) {
        try {
            threads.execute(work);
        } catch (OutOfMemoryError noThread) {
            work.run();
        }
    }

    /** From now on, nothing waits for more records. */
    void beginClosing() {
        recordAt = System.nanoTime();
        closing = true;
    }

    /** A record was written. */
    void noteRecord() {
        if (closing) {
            recordAt = System.nanoTime();
        }
    }

    /** How many nanoseconds ago the last record was written, or closing began. */
    long quietNanos() {
        return System.nanoTime() - recordAt;
    }

    boolean isClosing() {
        return closing;
    }

    /** Wakes the threads that wait for progress. */
    void signalProgress() {
        synchronized (progress) {
            progress.notifyAll();
        }
    }

    /**
     * Waits for progress, but at most {@value #MAX_WAIT_MILLIS} milliseconds.
     *
     * @param deadline in terms of {@link System#nanoTime}
     * @return false if the deadline has passed or the thread was interrupted (its interrupt flag stays set)
     */
    boolean awaitProgress(long deadline) {
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (left <= 0) {
            return false;
        }
        try {
            synchronized (progress) {
                progress.wait(Math.min(left, MAX_WAIT_MILLIS));
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** When a timeout that begins now ends, in terms of {@link System#nanoTime}. */
    static long deadline(Duration timeout) {
        Duration bounded = timeout.compareTo(MAX_TIMEOUT) > 0 ? MAX_TIMEOUT : timeout;
        return System.nanoTime() + bounded.toNanos();
    }

    /** Lets running work end, and starts nothing else. */
    void shutdown() {
        timer.shutdown();
        threads.shutdown();
        threads.getQueue().clear();
    }

    boolean isShutdown() {
        return threads.isShutdown();
    }

    boolean isTerminated() {
        return timer.isTerminated() && threads.isTerminated();
    }

    /** Waits for running work to end, after its calls were canceled. Does not wait longer than that should take. */
    void awaitTermination() {
        awaitTermination(timer);
        awaitTermination(threads);
    }

    static void awaitTermination(ThreadPoolExecutor pool) {
        try {
            pool.awaitTermination(MAX_END_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
