package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.journal.Journal;
import ai.dreamlake.logback.internal.journal.SessionFinder;
import ai.dreamlake.logback.internal.session.Retention;
import ai.dreamlake.logback.internal.session.SessionName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import okhttp3.HttpUrl;
import org.jspecify.annotations.Nullable;

/**
 * Uploads the logs under one root: those that this appender writes, and those that earlier runs left.
 *
 * <p>Each session has a time when it is due. The upload threads, at most the configured number, work on sessions that
 * are due. So no session waits for another's retry.
 */
public final class Uploads {

    /** How long a thread whose call was canceled at the end has to clean up. */
    private static final long MAX_END_MILLIS = 500;

    private static final Duration MAX_TIMEOUT = Duration.ofDays(365);

    private final Path root;
    private final UploadSettings settings;
    private final UploadListener listener;
    private final UploadTasks tasks;
    private final DreamlakeClient client;
    private final UploadScheduler scheduler;

    /** Null if logs stay on disk. */
    private final @Nullable SpoolLimit spoolLimit;

    private final Thread exitHook = new Thread(this::exit, "dreamlake-upload-exit");
    private Runnable afterExit = () -> {};

    /**
     * @param maxSpoolBytes the size limit of the spool; null if logs stay on disk
     * @param token supplies the token before each call
     * @param tasks the sessions
     * @param name the beginning of the threads' names
     */
    public Uploads(
            Path root,
            @Nullable Long maxSpoolBytes,
            HttpUrl remote,
            Supplier<String> token,
            UploadSettings settings,
            UploadListener listener,
            UploadTasks tasks,
            String userAgent,
            String name) {
        this.root = root;
        this.settings = settings;
        this.listener = listener;
        this.tasks = tasks;
        this.client = new DreamlakeClient(remote, token, settings, userAgent);
        this.scheduler = new UploadScheduler(settings.maxConcurrentUploads(), name);
        this.spoolLimit =
                maxSpoolBytes == null ? null : new SpoolLimit(maxSpoolBytes, tasks, listener, name + "-spool");
    }

    /**
     * Creates the upload of a session, with nothing to do yet.
     *
     * @param name its name on disk
     */
    public UploadTask newTask(SessionName name, Journal journal) {
        LongSupplier excess = spoolLimit == null ? () -> 0 : spoolLimit::excess;
        SessionUpload upload = new SessionUpload(name, journal, retention(), client, settings, listener, excess);
        return new UploadTask(upload, scheduler, settings, listener, this::watchSpool);
    }

    private Retention retention() {
        return spoolLimit == null ? Retention.KEEP : Retention.SPOOL;
    }

    private void watchSpool() {
        if (spoolLimit != null) {
            spoolLimit.watch();
        }
    }

    /**
     * Starts to upload what earlier runs left. Touches neither the disk nor the network on the calling thread.
     *
     * @param afterExit called at the end of what is done at the JVM's exit, unless these uploads are closed before
     */
    public void start(Runnable afterExit) {
        this.afterExit = afterExit;
        try {
            scheduler.execute(this::findLeftovers);
        } catch (OutOfMemoryError noThread) {
            listener.trouble("cannot look for records of earlier runs: " + noThread);
        }
        try {
            Runtime.getRuntime().addShutdownHook(exitHook);
        } catch (IllegalStateException alreadyExiting) {
            scheduler.beginClosing();
        }
    }

    private void findLeftovers() {
        try {
            SessionFinder.find(root, session -> Files.exists(session.checkpoint()), this::foundLeftover);
        } catch (IOException failure) {
            listener.trouble("cannot look for records of earlier runs under " + root + ": " + failure);
        }
    }

    private void foundLeftover(SessionName name) {
        try {
            while (!tasks.leftover(name).hurry()) {
                // It was forgotten in this moment.
            }
            watchSpool();
        } catch (IOException failure) {
            listener.trouble("cannot upload session " + name + ", which an earlier run left: " + failure);
        }
    }

    /** How many bytes of the logs of all sessions that this appender knows the server does not have yet. */
    public long pendingBytes() {
        long bytes = 0;
        for (UploadTask task : tasks.all()) {
            try {
                bytes += task.upload().pendingBytes();
            } catch (IOException unreadable) {
                // Not counted; the next attempt to upload reports the problem.
            }
        }
        return bytes;
    }

    /**
     * Waits until everything that was appended before this call is on the server, or set aside.
     *
     * @return false if the timeout expired or the thread was interrupted (its interrupt flag stays set)
     */
    public boolean awaitDelivery(Duration timeout) {
        long deadline = System.nanoTime() + nanos(timeout);
        for (UploadTask task : tasks.all()) {
            SessionUpload upload = task.upload();
            long end = upload.end();
            if (upload.pending() > 0) {
                task.hurry();
            }
            while (upload.isPendingBelow(end)) {
                if (!scheduler.awaitProgress(deadline)) {
                    return false;
                }
            }
        }
        return true;
    }

    private static long nanos(Duration timeout) {
        return timeout.compareTo(MAX_TIMEOUT) > 0 ? MAX_TIMEOUT.toNanos() : timeout.toNanos();
    }

    /**
     * Delivers pending records, at most for the configured time, and ends the threads. No thread of ours survives,
     * unless a listener blocks it. The next start sends the rest.
     */
    public void close() {
        finish();
        try {
            Runtime.getRuntime().removeShutdownHook(exitHook);
        } catch (IllegalStateException exiting) {
            // Then the hook finds nothing left to do.
        }
    }

    private void exit() {
        try {
            finish();
        } finally {
            afterExit.run();
        }
    }

    private void finish() {
        scheduler.beginClosing();
        boolean interrupted = Thread.interrupted(); // otherwise nothing below could wait
        long deadline = System.nanoTime() + nanos(settings.shutdownTimeout());
        for (UploadTask task : tasks.all()) {
            task.remind();
            if (!task.isDone()) {
                task.hurry();
            }
        }
        while (!areAllDone() && scheduler.awaitProgress(deadline)) {
            // Every round of work signals progress.
        }
        scheduler.shutdown();
        if (spoolLimit != null) {
            spoolLimit.shutdown();
        }
        client.close();
        try {
            scheduler.awaitTermination(Duration.ofMillis(MAX_END_MILLIS));
            if (spoolLimit != null) {
                spoolLimit.awaitTermination(MAX_END_MILLIS / 2);
            }
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean areAllDone() {
        for (UploadTask task : tasks.all()) {
            if (!task.isDone()) {
                return false;
            }
        }
        return true;
    }
}
