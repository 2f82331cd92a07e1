package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.session.SessionName;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * The sessions that one appender writes to: opened by their first record, closed when they are idle or when there are too
 * many (the least recently used first), opened again by the next record.
 *
 * <p>Thread-safe. One daemon thread pauses and closes journals; it sleeps as long as there is nothing to do.
 */
public final class OpenJournals {

    /** Bytes that {@link #append} overwrites behind a record. */
    public static final int ROOM_FOR_NUMBER = Journal.ROOM_FOR_NUMBER;

    /** What goes wrong without an exception, in a sentence without any record's content. It must not block. */
    public interface Listener extends Consumer<String> {}

    private static final int MOST_TOLD = 1000;

    private final Path root;
    private final int most;
    private final long idleNanos;
    private final LongSupplier nanoTime;
    private final LogFile.Opener opener;
    private final Listener listener;

    /** By the name as it was given, good or bad: so a good name is checked only when its journal is opened. */
    private final Map<SessionName, JournalRegistry.Use> journals = new ConcurrentHashMap<>();

    /** The bad names that were told already. Guarded by this. */
    private final Set<SessionName> told = new HashSet<>();

    private final Thread keeper;
    private final Thread exitHook = new Thread(this::expectExit, "dreamlake-exit");
    private volatile boolean closed;
    private volatile boolean exiting;

    /**
     * @param root the local path, absolute
     * @param most how many sessions are open at a time
     * @param idleNanos how long a session stays open without a record
     * @param name what to call the thread
     */
    public OpenJournals(Path root, int most, long idleNanos, String name, Listener listener) {
        this(root, most, idleNanos, name, listener, System::nanoTime, LogFile::new);
    }

    /** For tests: with a clock, in nanoseconds, and a way to open logs. */
    public OpenJournals(
            Path root, int most, long idleNanos, String name, Listener listener, LongSupplier nanoTime, LogFile.Opener opener) {
        this.root = root;
        this.most = most;
        this.idleNanos = idleNanos;
        this.listener = listener;
        this.nanoTime = nanoTime;
        this.opener = opener;
        this.keeper = new Thread(this::keep, name);
        keeper.setDaemon(true);
    }

    /** Starts the thread, and sees to exact hints at the JVM's exit. */
    public void start() {
        keeper.start();
        try {
            Runtime.getRuntime().addShutdownHook(exitHook);
        } catch (IllegalStateException alreadyExiting) {
            exiting = true;
        }
    }

    /**
     * Appends a record to its session's log.
     *
     * @param named the session as somebody named it; a bad name is made safe
     * @param record the record up to where its number stands
     * @param count its length; {@link #ROOM_FOR_NUMBER} bytes behind it are overwritten
     * @param forced whether to wait for the device
     * @param description what {@code SessionDescription.toText} made, or null
     * @return the record's number
     * @throws IOException if the record is not in the log
     */
    public long append(SessionName named, byte[] record, int count, boolean forced, String description) throws IOException {
        try {
            return appendToOpen(named, record, count, forced, description);
        } finally {
            if (closed) {
                close(named); // a straggler: nobody else would close what it opened
            }
        }
    }

    private long appendToOpen(SessionName named, byte[] record, int count, boolean forced, String description)
            throws IOException {
        long number = Journal.CLOSED;
        while (number == Journal.CLOSED) {
            JournalRegistry.Use use = journals.get(named);
            if (use == null) {
                use = open(named);
            }
            Journal journal = use.journal();
            try {
                number = journal.append(record, count, forced, description);
            } finally {
                lookAfter(journal);
            }
            if (number == Journal.CLOSED) {
                journals.remove(named, use);
            }
        }
        return number;
    }

    /** What need not happen at once: with no stack left it waits for the next record, and this one counts as written. */
    private void lookAfter(Journal journal) {
        try {
            if (journal.leaseIsNew) {
                journal.leaseIsNew = false; // before the keeper is woken, or the next lease's sign could be wiped out
                LockSupport.unpark(keeper);
            }
            report(journal);
        } catch (StackOverflowError later) {
            journal.leaseIsNew = true; // the next record's thread will see to it
        }
    }

    /** One at a time, so that there are never more than allowed. */
    private synchronized JournalRegistry.Use open(SessionName named) throws IOException {
        JournalRegistry.Use use = journals.get(named);
        if (use != null) {
            return use;
        }
        StackReserve.require();
        while (journals.size() >= most) {
            closeLeastRecentlyUsed();
        }
        SessionName name = SessionName.safe(named.workspace(), named.session());
        if (!name.equals(named) && told.size() < MOST_TOLD && told.add(name)) {
            listener.accept("a session or workspace name from the MDC breaks the rules; its records go to " + name);
        }
        use = JournalRegistry.use(root, name, nanoTime, opener);
        if (exiting) {
            use.journal().expectExit();
        }
        journals.put(named, use);
        return use;
    }

    /**
     * Puts a session's log aside, if it has a length and nobody else is at it; see {@link SealedLog}.
     *
     * @param name the session by its name on disk
     * @return whether it is sealed
     */
    public static boolean seal(Path root, SessionName name, long length, LogFile.Opener opener) throws IOException {
        JournalRegistry.Use use = JournalRegistry.use(root, name, System::nanoTime, opener);
        try {
            return use.journal().seal(length);
        } finally {
            use.release();
        }
    }

    private void closeLeastRecentlyUsed() {
        long now = nanoTime.getAsLong();
        journals.entrySet().stream()
                .filter(entry -> !entry.getValue().journal().isAwaited())
                .min(Comparator.comparingLong(entry -> entry.getValue().journal().lastUsedAt() - now))
                .or(() -> journals.entrySet().stream().findAny())
                .ifPresent(entry -> close(entry.getKey()));
    }

    private void close(SessionName named) {
        StackReserve.require();
        JournalRegistry.Use use = journals.remove(named);
        if (use != null) {
            try {
                use.release();
            } catch (IOException failure) {
                listener.accept("cannot close a journal in order: " + failure);
            }
            report(use.journal());
        }
    }

    private void report(Journal journal) {
        for (String notice = journal.nextNotice(); notice != null; notice = journal.nextNotice()) {
            listener.accept(notice);
        }
    }

    /** How many sessions are open. */
    public int size() {
        return journals.size();
    }

    /** The thread's work: first do, then sleep as long as there is nothing to do; a new lease wakes it. */
    private void keep() {
        while (!closed) {
            long wait;
            try {
                wait = step(nanoTime.getAsLong());
            } catch (Throwable trouble) {
                // Out of memory, for instance. Other processes wait for our leases: this thread must not end.
                wait = Journal.LEASE_NANOS;
            }
            if (wait == Long.MAX_VALUE) {
                LockSupport.park(this);
            } else {
                LockSupport.parkNanos(this, wait);
            }
        }
    }

    /**
     * Pauses the journals that no record reaches, and closes those that are idle for long.
     *
     * @return how many nanoseconds until there is something to do, or {@link Long#MAX_VALUE}
     */
    long step(long now) {
        long next = Long.MAX_VALUE;
        for (Map.Entry<SessionName, JournalRegistry.Use> entry : journals.entrySet()) {
            Journal journal = entry.getValue().journal();
            long left = journal.lastUsedAt() + idleNanos - now;
            if (journal.isAwaited()) {
                next = Math.min(next, Journal.LEASE_NANOS);
            } else if (left <= 0) {
                close(entry.getKey());
            } else {
                next = Math.min(next, Math.min(left, pauseIfIdle(journal)));
            }
        }
        return next;
    }

    private long pauseIfIdle(Journal journal) {
        try {
            return journal.pauseIfIdle();
        } catch (IOException failure) {
            listener.accept("cannot give up the lock of a session: " + failure);
            return Long.MAX_VALUE;
        }
    }

    private void expectExit() {
        exiting = true;
        for (JournalRegistry.Use use : journals.values()) {
            try {
                use.journal().expectExit();
            } catch (IOException failure) {
                listener.accept("cannot pause a journal in order: " + failure);
            }
        }
    }

    /** Closes all. Records that are under way are still written. */
    public void close() {
        closed = true;
        LockSupport.unpark(keeper);
        journals.keySet().forEach(this::close);
        try {
            Runtime.getRuntime().removeShutdownHook(exitHook);
        } catch (IllegalStateException exitingAlready) {
            // Then the hook does its work, and finds nothing to do.
        }
    }
}
