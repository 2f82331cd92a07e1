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
 * <p>Delivery continues after the appender's stop and during the JVM's exit ({@link HandOver}). Records that are not
 * delivered by then wait on disk for the next start.
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

    /** The pending records of sessions in memory and of suspended ones. */
    private final Map<SessionName, PendingRecords> pending = new ConcurrentHashMap<>();

    private final SuspendedUploads suspended = new SuspendedUploads();

    /**
     * @param maxSpoolBytes the size limit of the spool; null if logs stay on disk
     * @param writtenBytes counts what is written into the spool
     * @param token supplies the token before each call
     * @param tasks the sessions
     * @param name the prefix of the threads' names
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
     * Creates the upload of a session. If the session was suspended, records are already pending.
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

    /** A session without pending records is forgotten. Must be called before it can have a new task. */
    public void forgotten(SessionName name) {
        pending.remove(name);
    }

    /** The session has its new task, or has kept its old one: it is not suspended. */
    public void attached(SessionName name) {
        suspended.remove(name);
    }

    /**
     * Notes a session that waits for the server and will be removed from memory. This reads files, so it must be called
     * under no lock. Call {@link UploadTask#trySuspend} afterwards and, if that fails, {@link #attached}.
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

    /** Whether a session is suspended: pending, but not in memory. */
    public boolean isSuspended(SessionName name) {
        return suspended.contains(name);
    }

    /** Whether there are suspended sessions that can continue, now or later. */
    public boolean areSuspended() {
        return suspended.areWaiting();
    }

    /** Whether there are suspended sessions that may continue now. */
    public boolean areSuspendedDue() {
        return suspended.areDue();
    }

    /** Whether the server cannot be reached, or refuses our token. */
    public boolean isServerAway() {
        return health.isAway();
    }

    /**
     * The suspended sessions whose turn it is to continue. While the server cannot be reached, this is one at most,
     * since one in memory is enough to try it.
     *
     * @param count the maximum number
     */
    public List<SessionName> nextSuspended(int count) {
        return suspended.next(isServerAway() ? Math.min(1, count) : count);
    }

    /** A suspended session could not continue. It has another turn later. */
    public void postpone(SessionName name) {
        suspended.postpone(name, context.settings().callTimeout().toNanos());
    }

    private void watchSpool() {
        if (spoolLimit != null) {
            spoolLimit.watch();
        }
    }

    /** Waits while the spool may be over its limit, but only for a moment. Must be called after each record. */
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
     * @param afterExit called at the end of the wait at the JVM's exit, unless these uploads are closed earlier
     */
    public void start(Runnable afterExit) {
        handOver.start(afterExit);
        try {
            scheduler.execute(new LeftoverFinder(root, tasks, listener, this::watchSpool, scheduler::isShutdown));
        } catch (OutOfMemoryError noThread) {
            listener.trouble("cannot look for records of earlier runs: " + noThread);
        }
    }

    /** If the server refuses the token, checks whether there is another one. Must be called regularly. */
    public void remind() {
        if (health.wantsToken()) {
            try {
                scheduler.execute(this::offerToken);
            } catch (OutOfMemoryError later) {
                // The token is tried from time to time without this, too.
            }
        }
    }

    private void offerToken() {
        try {
            health.offer(token.token());
        } catch (IOException noToken) {
            // The old one is tried again when its wait is over.
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
     * Waits until nothing that was appended before this call is pending: it is on the server, set aside, or lost.
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

    /** Ends what is under way, and releases all threads and connections. */
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
