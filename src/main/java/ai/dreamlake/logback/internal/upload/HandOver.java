package ai.dreamlake.logback.internal.upload;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * Decides how an appender's delivery continues when the appender stops, and when the JVM exits (I9).
 *
 * <ul>
 *   <li>A stop does not wait. A daemon thread lets the delivery continue for a few seconds. The next appender for the
 *       same files and server takes over. Records that are not delivered by then wait on disk.
 *   <li>The JVM's exit hurries the delivery and waits for it, but ends nothing: other shutdown hooks run at the same
 *       time, and what they log is delivered, too. The exit waits no longer than configured, and does not wait for a
 *       server that is known to be away.
 * </ul>
 */
final class HandOver {

    /** How long delivery continues after a stop, at most. */
    private static final Duration MAX_LINGER = Duration.ofSeconds(5);

    /**
     * How long nothing must have been logged before the exit stops waiting. Another shutdown hook may still be about to
     * log something.
     */
    private static final long QUIET_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    /** Deliveries that continue although their appender is stopped. */
    private static final Set<HandOver> LINGERING = ConcurrentHashMap.newKeySet();

    private final String target;
    private final UploadTasks tasks;
    private final SuspendedUploads suspended;
    private final UploadScheduler scheduler;
    private final ServerHealth health;
    private final Duration exitTimeout;
    private final Runnable end;
    private final String threadName;
    private final Thread exitHook;

    private volatile Runnable afterExit = () -> {};
    private volatile boolean exiting;
    private volatile boolean handedOver;

    /**
     * @param target identifies the files and the server
     * @param exitTimeout how long the JVM's exit waits at most; delivery after a stop lasts no longer, either
     * @param end ends the uploads
     * @param name the prefix of the threads' names
     */
    HandOver(
            String target,
            UploadTasks tasks,
            SuspendedUploads suspended,
            UploadScheduler scheduler,
            ServerHealth health,
            Duration exitTimeout,
            Runnable end,
            String name) {
        this.target = target;
        this.tasks = tasks;
        this.suspended = suspended;
        this.scheduler = scheduler;
        this.health = health;
        this.exitTimeout = exitTimeout;
        this.end = end;
        this.threadName = name + "-end";
        this.exitHook = new Thread(this::exit, name + "-exit");
    }

    /**
     * Takes over from stopped appenders that still deliver the same files to the same server.
     *
     * @param afterExit called after the wait at the JVM's exit, unless this is closed earlier
     */
    void start(Runnable afterExit) {
        this.afterExit = afterExit;
        for (HandOver other : LINGERING) {
            if (other.target.equals(target)) {
                other.handedOver = true;
                other.scheduler.shutdown(); // running work is completed
                other.scheduler.signalProgress();
            }
        }
        try {
            Runtime.getRuntime().addShutdownHook(exitHook);
        } catch (IllegalStateException alreadyExiting) {
            exiting = true;
            scheduler.beginClosing();
        }
    }

    boolean isHandedOver() {
        return handedOver;
    }

    /**
     * The appender stops. From now on, no record waits for more to go with it. Returns at once, unless the JVM is
     * exiting: then nobody else may wait for the last records.
     *
     * @param afterEnd called once nothing is sent any more
     */
    void close(Runnable afterEnd) {
        afterExit = afterEnd;
        hurryAll();
        if (isExiting()) {
            await(0);
            afterEnd.run();
            return;
        }
        LINGERING.add(this);
        isOver(); // loads its classes while that is possible
        try {
            Thread lingering = new UploadThread(() -> lingerIfPossible(afterEnd), threadName);
            lingering.start();
        } catch (OutOfMemoryError noThread) {
            end(afterEnd);
        }
    }

    /** An application server does not let an undeployed application load classes. */
    private void lingerIfPossible(Runnable afterEnd) {
        try {
            linger(afterEnd);
        } catch (LinkageError undeployed) {
            // What is not delivered waits on disk for the next start.
        }
    }

    private void linger(Runnable afterEnd) {
        Duration longest = exitTimeout.compareTo(MAX_LINGER) < 0 ? exitTimeout : MAX_LINGER;
        long deadline = UploadScheduler.deadline(longest);
        try {
            while (!isOver() && scheduler.awaitProgress(deadline)) {
                // Every round of work signals progress.
            }
        } finally {
            if (!exiting) {
                end(afterEnd);
            }
        }
    }

    private boolean isOver() {
        return handedOver ? scheduler.isTerminated() : areAll(UploadTask::isDone);
    }

    private void end(Runnable afterEnd) {
        try {
            end.run();
        } finally {
            LINGERING.remove(this);
            removeExitHook();
            afterEnd.run();
        }
    }

    private void removeExitHook() {
        try {
            Runtime.getRuntime().removeShutdownHook(exitHook);
        } catch (IllegalStateException exitingNow) {
            // The hook finds nothing left to do.
        }
    }

    private void exit() {
        exiting = true;
        try {
            hurryAll();
            await(QUIET_NANOS);
        } finally {
            afterExit.run();
        }
    }

    private void hurryAll() {
        scheduler.beginClosing();
        for (UploadTask task : tasks.all()) {
            task.remind();
            if (!task.isDone()) {
                task.hurry();
            }
        }
    }

    /** @param quiet for how many nanoseconds nothing must have been logged */
    private void await(long quiet) {
        boolean interrupted = Thread.interrupted(); // otherwise nothing could wait
        long deadline = UploadScheduler.deadline(exitTimeout);
        while (!isSettled(quiet) && scheduler.awaitProgress(deadline)) {
            // Every round of work signals progress.
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean isSettled(long quiet) {
        return health.isAway() || areAll(UploadTask::isSettled) && scheduler.quietNanos() >= quiet;
    }

    private boolean areAll(Predicate<UploadTask> over) {
        boolean areDue = suspended.areDue();
        tasks.resume(); // afterwards, each of those is suspended or among the tasks
        if (areDue) {
            return false;
        }
        for (UploadTask task : tasks.all()) {
            if (!over.test(task)) {
                return false;
            }
        }
        return !suspended.areDue();
    }

    /** Whether the JVM is exiting. Shutdown hooks run concurrently, so ours may not have started yet. */
    private boolean isExiting() {
        if (!exiting) {
            try {
                Runtime.getRuntime().removeShutdownHook(new Thread());
            } catch (IllegalStateException itIs) {
                return true;
            }
        }
        return exiting;
    }
}
