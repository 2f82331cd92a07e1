package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.journal.Journal;
import ai.dreamlake.logback.internal.session.Retention;
import ai.dreamlake.logback.internal.session.SessionName;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import okhttp3.HttpUrl;
import org.jspecify.annotations.Nullable;

/**
 * Uploads the logs under one root: those that this appender writes, and those that earlier runs left.
 *
 * <p>Each session has a time when it is due. The upload threads, at most the configured number, work on sessions that
 * are due. So no session waits for another's retry.
 *
 * <p>Delivery goes on beyond the appender's stop and through the JVM's exit ({@link HandOver}); what is not delivered
 * then waits on disk for the next start.
 */
public final class Uploads {

    private final Path root;
    private final UploadListener listener;
    private final UploadTasks tasks;
    private final TokenSource token;
    private final DreamlakeClient client;
    private final ServerHealth health;
    private final UploadScheduler scheduler;
    private final UploadContext context;

    /** Null if logs stay on disk. */
    private final @Nullable SpoolLimit spoolLimit;

    private final HandOver handOver;

    /**
     * @param maxSpoolBytes the size limit of the spool; null if logs stay on disk
     * @param writtenBytes counts what is written into the spool
     * @param token supplies the token before each call
     * @param tasks the sessions
     * @param name the beginning of the threads' names
     */
    public Uploads(
            Path root,
            @Nullable Long maxSpoolBytes,
            AtomicLong writtenBytes,
            HttpUrl remote,
            TokenSource token,
            UploadSettings settings,
            Books books,
            UploadListener listener,
            UploadTasks tasks,
            String userAgent,
            String name) {
        this.root = root;
        this.listener = listener;
        this.tasks = tasks;
        this.token = token;
        this.client = new DreamlakeClient(remote, token, settings, userAgent);
        this.health = new ServerHealth(System::nanoTime, new SplittableRandom(), this::wakeAll);
        this.scheduler = new UploadScheduler(settings.maxConcurrentUploads(), name);
        this.context = new UploadContext(
                maxSpoolBytes == null ? Retention.KEEP : Retention.SPOOL, client, health, settings, books, listener);
        this.spoolLimit = maxSpoolBytes == null
                ? null
                : new SpoolLimit(maxSpoolBytes, tasks, listener, writtenBytes, name + "-spool");
        this.handOver = new HandOver(
                root + " " + remote, tasks, scheduler, health, settings.shutdownTimeout(), this::end, name);
    }

    /**
     * Creates the upload of a session, with nothing to do yet.
     *
     * @param name its name on disk
     */
    public UploadTask newTask(SessionName name, Journal journal) {
        SessionUpload upload = new SessionUpload(name, journal, context);
        return new UploadTask(upload, scheduler, context.settings(), listener, this::watchSpool);
    }

    private void watchSpool() {
        if (spoolLimit != null) {
            spoolLimit.watch();
        }
    }

    /** Waits while the spool may be over its limit, for a moment at most. To be called after each record. */
    public void awaitRoom() {
        if (spoolLimit != null) {
            spoolLimit.awaitRoom();
        }
    }

    private void wakeAll() {
        tasks.all().forEach(UploadTask::wake);
    }

    /**
     * Starts to upload what earlier runs left, and what stopped appenders for the same root and server have not
     * delivered yet. Touches neither the disk nor the network on the calling thread.
     *
     * @param afterExit called at the end of what is done at the JVM's exit, unless these uploads are closed before
     */
    public void start(Runnable afterExit) {
        handOver.start(afterExit);
        try {
            scheduler.execute(new LeftoverFinder(root, tasks, listener, this::watchSpool, scheduler::isShutdown));
        } catch (OutOfMemoryError noThread) {
            listener.trouble("cannot look for records of earlier runs: " + noThread);
        }
    }

    /** If the server refuses the token, sees whether there is another one. To be called now and then. */
    public void remind() {
        if (health.wantsToken()) {
            try {
                scheduler.execute(this::offerToken);
            } catch (OutOfMemoryError later) {
                // It is tried now and then without this.
            }
        }
    }

    private void offerToken() {
        try {
            health.offer(token.token());
        } catch (IOException noToken) {
            // Then the old one is tried again in its time.
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
        long deadline = UploadScheduler.deadline(timeout);
        for (UploadTask task : tasks.all()) {
            PendingRecords pending = task.upload().pending();
            long end = pending.end();
            if (pending.count() > 0) {
                task.hurry();
            }
            while (pending.isPendingBelow(end)) {
                if (!scheduler.awaitProgress(deadline)) {
                    return false;
                }
            }
        }
        return true;
    }

    /**
     * The appender stops. Returns at once, except while the JVM exits: see {@link HandOver#close}.
     *
     * @param afterEnd called once nothing is sent any more: before this returns, or later by a thread of ours
     */
    public void close(Runnable afterEnd) {
        handOver.close(afterEnd);
    }

    /** Whether another appender delivers now what these uploads have not. */
    public boolean isHandedOver() {
        return handOver.isHandedOver();
    }

    /** Ends what is under way, and lets go of all threads and connections. */
    private void end() {
        scheduler.shutdown();
        if (spoolLimit != null) {
            spoolLimit.shutdown();
        }
        client.close();
        scheduler.awaitTermination();
        if (spoolLimit != null) {
            spoolLimit.awaitTermination();
        }
    }
}
