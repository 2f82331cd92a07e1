package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.journal.SpoolFile;
import ai.dreamlake.logback.internal.journal.StackReserve;
import ai.dreamlake.logback.internal.session.SessionName;
import java.io.File;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import okhttp3.HttpUrl;

/**
 * Brings the logs under one root to the server: those that this appender writes, and those that earlier runs left.
 *
 * <p>Each session has a time at which it is looked at next; the upload threads, no more than configured, look at those
 * whose time has come. So no session waits for another's retry. All threads are daemons; there is none while there is
 * nothing to do.
 */
public final class Uploads {

    private static final long THREAD_IDLE_SECONDS = 5;
    private static final long SPOOL_LOOK_MILLIS = 1000;

    /** Progress that came between a look and the wait is seen after so long. */
    private static final long LONGEST_LOOK_MILLIS = 20;

    /** At the end, a thread whose call was broken off needs this long at most to put its things away. */
    private static final long LONGEST_END_MILLIS = 500;

    private static final Duration LONGEST_TIMEOUT = Duration.ofDays(365);

    /** Beyond so many, sessions with nothing to send are forgotten until their next record. */
    private static final int MOST_REMEMBERED = 1000;

    private final Path root;

    /** Null where logs stay on disk. */
    private final SpoolFile spool;

    private final long spoolLimit;
    private final UploadSettings settings;
    private final UploadListener listener;
    private final DreamlakeServer server;
    private final ScheduledThreadPoolExecutor threads;

    /** Looks after the spool's size also while all upload threads hang. */
    private final ScheduledThreadPoolExecutor watch;

    private final AtomicBoolean watching = new AtomicBoolean();
    private final Thread exitHook = new Thread(this::finish, "dreamlake-upload-exit");

    /** By the name that stands in the events, and so some twice; and by the name on disk. */
    private final Map<SessionName, Slot> byGivenName = new ConcurrentHashMap<>();

    private final Map<SessionName, Slot> slots = new ConcurrentHashMap<>();
    private volatile boolean closing;

    /** Who waits for deliveries waits here. */
    private final Object progress = new Object();

    /**
     * @param token asked before each call
     * @param spool how the journals are opened if logs are to be deleted once they are delivered; null if they are to stay
     * @param spoolLimit how many bytes may wait then
     * @param name what to call the threads
     */
    public Uploads(
            Path root,
            SpoolFile spool,
            long spoolLimit,
            HttpUrl remote,
            Supplier<String> token,
            UploadSettings settings,
            UploadListener listener,
            String userAgent,
            String name) {
        this.root = root;
        this.spool = spool;
        this.spoolLimit = spoolLimit;
        this.settings = settings;
        this.listener = listener;
        this.server = new DreamlakeServer(remote, token, settings, userAgent);
        AtomicInteger number = new AtomicInteger();
        this.threads = new ScheduledThreadPoolExecutor(
                settings.maxConcurrentUploads(), work -> new UploadThread(work, name + "-" + number.incrementAndGet()));
        this.watch = new ScheduledThreadPoolExecutor(1, work -> new UploadThread(work, name + "-spool"));
        for (ScheduledThreadPoolExecutor pool : List.of(threads, watch)) {
            pool.setKeepAliveTime(THREAD_IDLE_SECONDS, TimeUnit.SECONDS);
            pool.allowCoreThreadTimeOut(true);
            pool.setRemoveOnCancelPolicy(true);
            pool.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        }
    }

    /** A session, and when it is looked at next. */
    private final class Slot {
        final SessionUpload upload;

        // Guarded by this.
        private ScheduledFuture<?> next;

        /** Whether its time is set. It may be while {@link #next} is not: when a thread could not be started for it. */
        private boolean scheduled;

        private boolean working;
        private boolean failing;
        private boolean writtenMeanwhile;
        private boolean hurried;

        /** Whether it is in the maps no more; who has it in hand must look there again. */
        private boolean forgotten;

        Slot(SessionUpload upload) {
            this.upload = upload;
        }

        /** False if this slot is not in use any more. */
        synchronized boolean wrote(long number) {
            if (forgotten) {
                return false;
            }
            upload.wrote(number);
            if (working) {
                writtenMeanwhile = true;
            } else if (!scheduled) {
                watchSpool();
                schedule(settings.interval());
            } else if (!failing && upload.pending() == settings.maxBatchRecords()) {
                schedule(Duration.ZERO);
            }
            return true;
        }

        /** Does not wait for company, but for a server that is in trouble, unless this is the end. */
        synchronized void hurry() {
            upload.hurry();
            if (working) {
                hurried = true;
            } else if (!failing || closing) {
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
            try {
                if (threads.getPoolSize() == 0) {
                    threads.prestartCoreThread(); // or it fails with the work in the queue, and nobody to do it
                }
                scheduled = true;
                next = threads.schedule(this::work, wait.toNanos(), TimeUnit.NANOSECONDS);
            } catch (RejectedExecutionException | OutOfMemoryError failed) {
                scheduled = false; // the appender is stopped; or the next record tries again, if it is not in the queue already
            }
        }

        synchronized boolean isIdle() {
            return !scheduled && !working;
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
                wait = upload.work(closing);
            } catch (Throwable fault) {
                wait = settings.callTimeout(); // a fault of ours, or no memory; the records lie where they are
                listener.trouble("cannot upload session " + upload.name() + " at present: " + fault.getClass().getName());
            } finally {
                synchronized (this) {
                    working = false;
                    failing = upload.isFailing();
                    boolean inHurry = hurried && (!failing || closing);
                    hurried = false;
                    if (!wait.equals(SessionUpload.NOTHING)) {
                        schedule(inHurry ? Duration.ZERO : wait);
                    } else if (writtenMeanwhile && !upload.isParked()) {
                        schedule(inHurry || closing ? Duration.ZERO : settings.interval());
                    } else if (slots.size() > MOST_REMEMBERED && upload.isForgettable()) {
                        forgotten = true;
                        byGivenName.values().remove(this);
                        slots.remove(upload.name());
                    }
                }
                synchronized (progress) {
                    progress.notifyAll();
                }
            }
        }

        synchronized boolean isDone() {
            return upload.isParked() || isIdle();
        }
    }

    /** As long as something waits, looks each second whether it is too much. */
    private void watchSpool() {
        if (spool == null || watch.isShutdown() || !watching.compareAndSet(false, true)) {
            return;
        }
        try {
            watch.prestartCoreThread();
            watch.schedule(this::watchOnce, SPOOL_LOOK_MILLIS, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException | OutOfMemoryError noThread) {
            watching.set(false);
        }
    }

    private void watchOnce() {
        watching.set(false);
        try {
            keepToLimit();
        } catch (RuntimeException failure) {
            listener.trouble("cannot make room in the spool: " + failure);
        } finally {
            if (!slots.values().stream().allMatch(Slot::isDone)) {
                watchSpool();
            }
        }
    }

    /** A log that waits, and when it was written last. */
    private record Waiting(SessionUpload upload, long length, long time) {}

    /** Gives up the oldest logs until the rest fits (I4). Those that are in other hands have to wait for the next look. */
    private void keepToLimit() {
        slots.values().forEach(slot -> slot.upload.keepAll());
        List<Waiting> oldestFirst = waiting();
        oldestFirst.sort(Comparator.comparingLong(Waiting::time));
        long tooMuch = oldestFirst.stream().mapToLong(Waiting::length).sum() - spoolLimit;
        for (Waiting log : oldestFirst) {
            if (tooMuch <= 0) {
                return;
            }
            try {
                tooMuch -= log.upload.giveUpOldest(log.length);
            } catch (IOException failure) {
                listener.trouble("cannot make room in the spool: " + failure); // another session may be able to
            }
        }
    }

    /** How many bytes too many lie in the spool. */
    private long excess() {
        return waiting().stream().mapToLong(Waiting::length).sum() - spoolLimit;
    }

    private List<Waiting> waiting() {
        List<Waiting> waiting = new ArrayList<>();
        for (Slot slot : slots.values()) {
            try {
                for (File log : slot.upload.logs().all()) {
                    if (log.length() > 0) {
                        waiting.add(new Waiting(slot.upload, log.length(), log.lastModified()));
                    }
                }
            } catch (IOException unreadable) {
                listener.trouble("cannot see how large the spool is: " + unreadable);
            }
        }
        return waiting;
    }

    /** Begins with what earlier runs left. It touches no network on the calling thread. */
    public void start() {
        try {
            threads.execute(this::findWhatIsLeft);
        } catch (OutOfMemoryError noThread) {
            listener.trouble("cannot look for records of earlier runs: " + noThread);
        }
        try {
            Runtime.getRuntime().addShutdownHook(exitHook);
        } catch (IllegalStateException alreadyExiting) {
            closing = true;
        }
    }

    private void findWhatIsLeft() {
        if (!Files.isDirectory(root)) {
            return;
        }
        try {
            Path start = root.toRealPath(); // a link to the root is followed, those in it are not
            Files.walkFileTree(start, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                    if (Files.exists(SessionUpload.checkpointOf(directory))) {
                        found(start.relativize(directory));
                    }
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException failure) {
                    return FileVisitResult.CONTINUE; // it went away, or is not for us
                }
            });
        } catch (IOException failure) {
            listener.trouble("cannot look for records of earlier runs under " + root + ": " + failure);
        }
    }

    private void found(Path path) {
        if (path.getNameCount() < 2) {
            return;
        }
        String session = path.subpath(1, path.getNameCount()).toString().replace(path.getFileSystem().getSeparator(), "/");
        slot(new SessionName(path.getName(0).toString(), session)).hurry();
        watchSpool();
    }

    /** The slot of a session by its name on disk. */
    private Slot slot(SessionName name) {
        return slots.computeIfAbsent(name, key -> new Slot(new SessionUpload(key, root, spool, server, settings, listener, this::excess)));
    }

    /**
     * To be called before a record is appended, so that it is found whatever becomes of this process.
     *
     * @throws IOException if that cannot be seen to; it need not keep the record from its log
     */
    public void expect(SessionName given) throws IOException {
        Slot slot = byGivenName.get(given);
        if (slot == null) {
            slot = slot(SessionName.safe(given.workspace(), given.session()));
            slot.upload.mark();
            byGivenName.put(given, slot);
        }
        if (slot.isIdle()) {
            StackReserve.require(); // for what wrote() will have to do: a queue must not be left half changed
        }
    }

    /** A record was appended to its log. Costs the caller next to nothing, whatever the server is at. */
    public void wrote(SessionName given, long number) {
        Slot slot = byGivenName.get(given);
        while (slot == null || !slot.wrote(number)) {
            slot = slot(SessionName.safe(given.workspace(), given.session()));
            byGivenName.put(given, slot);
        }
    }

    /** How many bytes of logs the server does not have yet, of the sessions that this appender knows of. */
    public long pendingBytes() {
        long bytes = 0;
        for (Slot slot : slots.values()) {
            try {
                bytes += slot.upload.pendingBytes();
            } catch (IOException unreadable) {
                // Then it is not known, and the next attempt to upload will tell.
            }
        }
        return bytes;
    }

    /**
     * Waits until all that was appended before this call is with the server, or set aside.
     *
     * @return false if that took longer than the timeout, or if the thread was interrupted; its flag stays set
     */
    public boolean awaitDelivery(Duration timeout) {
        long deadline = System.nanoTime() + nanos(timeout);
        for (Slot slot : slots.values()) {
            long end = slot.upload.end();
            if (slot.upload.pending() > 0) {
                slot.hurry();
            }
            while (slot.upload.isPendingBelow(end)) {
                if (!waitForProgress(deadline)) {
                    return false;
                }
            }
        }
        return true;
    }

    private static long nanos(Duration timeout) {
        return timeout.compareTo(LONGEST_TIMEOUT) > 0 ? LONGEST_TIMEOUT.toNanos() : timeout.toNanos();
    }

    private boolean waitForProgress(long deadline) {
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (left <= 0) {
            return false;
        }
        try {
            synchronized (progress) {
                progress.wait(Math.min(left, LONGEST_LOOK_MILLIS));
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /**
     * Delivers what is pending, for the time that is configured, and ends the threads: nothing of ours is at work afterwards,
     * but where a listener holds its thread up. What is left goes out at the next start.
     */
    public void close() {
        finish();
        try {
            Runtime.getRuntime().removeShutdownHook(exitHook);
        } catch (IllegalStateException exiting) {
            // Then the hook finds everything done.
        }
    }

    private void finish() {
        closing = true;
        boolean interrupted = Thread.interrupted(); // or there would be no time at all
        long deadline = System.nanoTime() + nanos(settings.shutdownTimeout());
        slots.values().forEach(Slot::hurry);
        while (!slots.values().stream().allMatch(Slot::isDone) && waitForProgress(deadline)) {
            // it is looked at again after each round of work
        }
        threads.shutdown();
        watch.shutdown();
        server.close();
        try {
            threads.awaitTermination(LONGEST_END_MILLIS, TimeUnit.MILLISECONDS);
            watch.awaitTermination(LONGEST_END_MILLIS / 2, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
