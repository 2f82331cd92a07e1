package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.journal.Journal;
import ai.dreamlake.logback.internal.session.Retention;
import ai.dreamlake.logback.internal.session.SessionName;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
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

    /** Of all sessions that are in memory, and of those that are suspended. */
    private final Map<SessionName, PendingRecords> pending = new ConcurrentHashMap<>();

    private final SuspendedUploads suspended = new SuspendedUploads();

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
                : new SpoolLimit(maxSpoolBytes, tasks, suspended, listener, writtenBytes, name + "-spool");
        this.handOver = new HandOver(
                root + " " + remote, tasks, suspended, scheduler, health, settings.shutdownTimeout(), this::end, name);
    }

    /**
     * Creates the upload of a session. If it was suspended, records are pending already.
     *
     * @param name its name on disk
     */
    public UploadTask newTask(SessionName name, Journal journal) {
        PendingRecords records = pending.computeIfAbsent(name, absent -> new PendingRecords(context.books()));
        SessionUpload upload = new SessionUpload(name, journal, records, context);
        if (suspended.isParked(name)) {
            upload.park();
        }
        return new UploadTask(upload, scheduler, context.settings(), listener, this::watchSpool);
    }

    /** A session of which nothing is pending is forgotten. To be called before it can have a new task. */
    public void forgotten(SessionName name) {
        pending.remove(name);
    }

    /** The session has its new task, or has kept its old one: it is not suspended. */
    public void attached(SessionName name) {
        suspended.remove(name);
    }

    /**
     * Notes a session that waits for the server and will be removed from memory. This reads files, so it is done under
     * no lock. Afterwards its task is asked to be suspended, and if that does not want to, {@link #attached} is called.
     *
     * @return false if that is not possible
     */
    public boolean prepareToSuspend(UploadTask task) {
        try {
            suspended.add(task.upload().suspended(task.dueAt()), task.upload().isParked());
            return true;
        } catch (IOException unreadable) {
            return false; // the next attempt to upload reports the problem
        }
    }

    /** Whether a session is not in memory, but pending. */
    public boolean isSuspended(SessionName name) {
        return suspended.contains(name);
    }

    /** Whether there are suspended sessions that can go on some time. */
    public boolean areSuspended() {
        return suspended.areWaiting();
    }

    /** Whether there are suspended sessions that may go on now. */
    public boolean areSuspendedDue() {
        return suspended.areDue();
    }

    /** Whether the server cannot be reached, or refuses our token. */
    public boolean isServerAway() {
        return health.isAway();
    }

    /**
     * The suspended sessions whose turn it is to go on. While the server cannot be reached it is one at most, since one
     * in memory is enough to try it.
     *
     * @param count how many at most
     */
    public List<SessionName> nextSuspended(int count) {
        return suspended.next(isServerAway() ? Math.min(1, count) : count);
    }

    /** A suspended session could not go on: it has another turn later. */
    public void postpone(SessionName name) {
        suspended.postpone(name, context.settings().callTimeout().toNanos());
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

    /**
     * What the server does not have yet, of all sessions that this appender knows, including records of other
     * processes.
     */
    public Backlog backlog() {
        Backlog backlog = new Backlog(suspended.pendingBytes(), suspended.oldestAt());
        for (UploadTask task : tasks.all()) {
            try {
                long bytes = task.upload().pendingBytes();
                if (bytes > 0) {
                    backlog = backlog.plus(bytes, task.upload().oldestPendingAt());
                }
            } catch (IOException unreadable) {
                // Not counted; the next attempt to upload reports the problem.
            }
        }
        return backlog;
    }

    /**
     * Waits until everything that was appended before this call is on the server, or set aside.
     *
     * @return false if the timeout expired or the thread was interrupted (its interrupt flag stays set)
     */
    public boolean awaitDelivery(Duration timeout) {
        long deadline = UploadScheduler.deadline(timeout);
        Map<PendingRecords, Long> ends = new HashMap<>();
        for (PendingRecords records : pending.values()) {
            if (records.count() > 0) {
                ends.put(records, records.end());
            }
        }
        for (UploadTask task : tasks.all()) {
            if (task.upload().pending().count() > 0) {
                task.hurry();
            }
        }
        for (Map.Entry<PendingRecords, Long> records : ends.entrySet()) {
            while (records.getKey().isPendingBelow(records.getValue())) {
                tasks.resume();
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
     * @param afterEnd called once nothing is sent any more: before this returns, or later on an upload thread
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
        client.close(scheduler::awaitTermination);
        if (spoolLimit != null) {
            spoolLimit.awaitTermination();
        }
    }
}
