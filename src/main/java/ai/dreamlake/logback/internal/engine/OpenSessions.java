package ai.dreamlake.logback.internal.engine;

import ai.dreamlake.logback.internal.engine.Session.Phase;
import ai.dreamlake.logback.internal.io.StackHeadroom;
import ai.dreamlake.logback.internal.journal.Journal;
import ai.dreamlake.logback.internal.journal.Line;
import ai.dreamlake.logback.internal.upload.UploadTask;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides which sessions are open, how many may be, and which one is closed for another (I4).
 *
 * <p>A session has a place from before its files are opened until after they are closed, and there are never more
 * places than allowed. So if all places are taken, a thread that opens a session first closes the least recently used
 * one, and takes its place. Only if other threads are opening or closing all of them, it waits for one of those.
 *
 * <p>Files are opened and closed under their session's monitor. This object's monitor is only held for moments. So a
 * session on a slow disk delays the threads that want this session, and at most one more: the one that closes it. A
 * thread that opens a session may hold its monitor while it takes the one of the session that it closes. That cannot be
 * a deadlock, since nobody closes a session that is being opened, or closed by another thread.
 *
 * <p>When the process runs out of file descriptors, sessions are closed, and fewer may be open from then on: the
 * application needs descriptors, too.
 *
 * <p>State is guarded by monitors and changes in one step after {@link StackHeadroom#require}, so a StackOverflowError
 * leaves no place taken.
 */
final class OpenSessions {

    /** The longest wait. A waiting thread is normally woken earlier; this covers a signal that an error swallowed. */
    private static final long MAX_WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /** How long to wait for sessions that other threads are opening, before the next attempt. */
    private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /** Opens sessions. It must not report anything to the user, whose status listener may log. */
    interface Opener {
        /**
         * Gives the session its journal, unless it already has one or is forgotten. Opens no file, but creates the
         * session's directory.
         */
        void attach(Session session) throws IOException;

        void open(Session session) throws IOException;
    }

    private final int maxOpen;
    private final Opener opener;
    private final LongSupplier nanoTime;
    private final StatusReporter status;

    /** Sessions that have a place. Written under the monitor, in one step each; read by any thread. */
    private final List<Session> places = new CopyOnWriteArrayList<>();

    /** Threads that wait for a place, in the order in which they came. Guarded by this. */
    private final ArrayDeque<Thread> waiting = new ArrayDeque<>();

    /** The notices of closed journals, to be reported. */
    private final Queue<String> notices = new ConcurrentLinkedQueue<>();

    /** How many sessions may be open. Written under the monitor. */
    private volatile int limit;

    /** How often the limit was lowered. Written under the monitor. */
    private volatile int shortages;

    /** @param maxOpen the configured maximum of open sessions */
    OpenSessions(int maxOpen, Opener opener, LongSupplier nanoTime, StatusReporter status) {
        this.maxOpen = maxOpen;
        this.limit = maxOpen;
        this.opener = opener;
        this.nanoTime = nanoTime;
        this.status = status;
    }

    /** The sessions that have a place. Some of them may not be open yet, or not any more. */
    Iterable<Session> all() {
        return places;
    }

    int size() {
        return places.size();
    }

    /**
     * Appends a record to its session, and opens the session if necessary. If file descriptors run out, closes the
     * least recently used sessions until that succeeds.
     *
     * @return false if another attempt is worthwhile: the session was just closed or forgotten, or others were closed
     *     to make room
     * @throws IOException if the record is not in the log
     */
    boolean append(Session session, Line line) throws IOException {
        int shortagesBefore = shortages;
        try {
            return session.isOpen() ? session.append(line) : openWith(session, line);
        } catch (IOException failure) {
            if (!line.needsDescriptors(failure)) {
                throw failure;
            }
            if (!makeRoom(session, shortagesBefore)) {
                line.makeLastAttempt();
            }
            return false;
        }
    }

    /**
     * Opens a session with its record. Nobody closes the session until that is written. So there is progress, however
     * many threads and sessions there are.
     */
    private boolean openWith(Session session, Line line) throws IOException {
        try {
            synchronized (session) { // other threads that want this session wait here
                opener.attach(session);
                if (session.isOpen() || !take(session)) {
                    return false;
                }
                try {
                    opener.open(session);
                    return session.append(line);
                } finally {
                    settle(session);
                }
            }
        } finally {
            line.wakeKeeper();
            report();
        }
    }

    /**
     * Gets a place for a session that is not open.
     *
     * @return false if the session is forgotten or being closed, and nothing was done
     */
    private boolean take(Session session) {
        StackHeadroom.require();
        synchronized (this) {
            if (session.isForgotten() || session.phase() != Phase.SETTLED) {
                return false;
            }
            session.setPhase(Phase.OPENING);
        }
        boolean taken = false;
        try {
            Session victim = awaitPlace(session);
            if (victim != null) {
                close(victim, session);
            }
            taken = true;
        } finally {
            if (!taken) {
                settle(session);
            }
        }
        return true;
    }

    /**
     * Gives the session a place.
     *
     * @return null, or an open session that the caller must close to get its place
     */
    private @Nullable Session awaitPlace(Session session) {
        Thread self = Thread.currentThread();
        boolean interrupted = false;
        synchronized (this) {
            waiting.add(self);
        }
        try {
            while (true) {
                synchronized (this) {
                    if (waiting.peek() == self) {
                        if (places.size() < limit) {
                            places.add(session);
                            return null;
                        }
                        Session victim = markLeastRecentlyUsed(null);
                        if (victim != null) {
                            return victim;
                        }
                    }
                }
                interrupted |= Thread.interrupted(); // otherwise parking would not wait
                LockSupport.parkNanos(this, MAX_WAIT_NANOS);
            }
        } finally {
            synchronized (this) {
                waiting.remove(self);
                wakeNext();
            }
            if (interrupted) {
                self.interrupt();
            }
        }
    }

    /** The caller holds the monitor. */
    private void wakeNext() {
        Thread next = waiting.peek();
        if (next != null) {
            LockSupport.unpark(next);
        }
    }

    /**
     * Chooses a session, which the caller must then close. Prefers sessions that nobody is writing to: a write may wait
     * for another process, or for the disk. The caller holds the monitor.
     *
     * @param except a session not to choose, or null
     * @return null if all are being opened or closed
     */
    private @Nullable Session markLeastRecentlyUsed(@Nullable Session except) {
        long now = nanoTime.getAsLong();
        Session chosen = null;
        long chosenAge = 0;
        boolean chosenIsBusy = false;
        for (Session session : places) {
            if (session != except && session.phase() == Phase.SETTLED) {
                long age = session.isOpen() ? now - session.lastUsedAt() : Long.MAX_VALUE;
                boolean isBusy = session.isBusy();
                if (chosen == null || (isBusy == chosenIsBusy ? age > chosenAge : chosenIsBusy)) {
                    chosen = session;
                    chosenAge = age;
                    chosenIsBusy = isBusy;
                }
            }
        }
        if (chosen != null) {
            chosen.setPhase(Phase.CLOSING);
        }
        return chosen;
    }

    /** Opening or closing has ended. If the session is not open, its place becomes free. */
    private synchronized void settle(Session session) {
        session.setPhase(Phase.SETTLED);
        if (!session.isOpen()) {
            places.remove(session);
        }
        wakeNext();
    }

    /**
     * Closes a session that the caller has marked.
     *
     * @param successor gets its place; null if nobody does
     */
    private void close(Session marked, @Nullable Session successor) {
        synchronized (marked) {
            try {
                closeFiles(marked);
            } finally {
                synchronized (this) {
                    try {
                        int place = places.indexOf(marked);
                        if (successor != null && place >= 0 && !marked.isOpen()) {
                            places.set(place, successor);
                        }
                    } finally {
                        settle(marked);
                    }
                }
            }
        }
    }

    private void closeFiles(Session session) {
        if (!session.isOpen()) {
            return;
        }
        try {
            session.close();
        } catch (IOException failure) {
            notices.add("cannot close a journal cleanly: " + failure);
        }
        Journal journal = session.journal();
        for (String notice = journal.nextNotice(); notice != null; notice = journal.nextNotice()) {
            notices.add(notice);
        }
    }

    /**
     * Closes a session, or waits until another thread has closed it. Does not touch a session that is being opened: the
     * thread that opens it will close it.
     */
    void close(Session session) {
        StackHeadroom.require();
        boolean marked;
        synchronized (this) {
            if (session.phase() == Phase.OPENING) {
                return;
            }
            marked = session.phase() == Phase.SETTLED;
            session.setPhase(Phase.CLOSING);
        }
        if (marked) {
            close(session, null);
        } else {
            synchronized (session) {
                if (session.phase() == Phase.CLOSING) { // otherwise the other thread has closed it
                    closeFiles(session);
                }
            }
        }
        report();
    }

    /** Closes sessions beyond the limit, after it was lowered. */
    void closeSurplus() {
        while (places.size() > limit) {
            StackHeadroom.require();
            Session victim;
            synchronized (this) {
                victim = markLeastRecentlyUsed(null);
            }
            if (victim == null) {
                return;
            }
            close(victim, null);
            report();
        }
    }

    /** Makes room for work that is not caused by a record and lacked file descriptors. */
    void makeRoom(Session needy) {
        makeRoom(needy, shortages);
    }

    /**
     * Closes the least recently used session, since file descriptors have run out, and lowers the limit to half of the
     * open sessions. It does not lower the limit if that was done since the failed attempt began: many threads may fail
     * at the same time.
     *
     * @param needy the session that needs descriptors
     * @param shortagesBefore how often the limit had been lowered before the attempt
     * @return whether another attempt is worthwhile; false if no other session is open
     */
    private boolean makeRoom(Session needy, int shortagesBefore) {
        StackHeadroom.require();
        boolean isFirst;
        Session victim;
        synchronized (this) {
            int open = places.size();
            if (open == 0 || open == 1 && places.contains(needy)) {
                return false;
            }
            isFirst = shortages == 0;
            if (shortages == shortagesBefore && open <= limit) {
                limit = Math.max(1, open / 2);
                shortages++;
            }
            victim = markLeastRecentlyUsed(needy);
        }
        if (victim != null) {
            close(victim, null);
        } else {
            LockSupport.parkNanos(this, POLL_NANOS);
        }
        report();
        if (isFirst) {
            status.warn("There are no file descriptors left, so <maxOpenSessions> is " + limit + " instead of "
                    + maxOpen + " until the next start. No record is lost by that. Let the process open more files"
                    + " (ulimit -n), or lower <maxOpenSessions>: a session takes up to five.");
        }
        return true;
    }

    /**
     * Gives a session its journal and its upload, unless it was forgotten before.
     *
     * @param whenDone called once that is done
     */
    synchronized void attach(Session session, Journal journal, @Nullable UploadTask upload, Runnable whenDone) {
        if (!session.isForgotten()) {
            session.attach(journal, upload);
            whenDone.run();
        }
    }

    /** Forgets a session that has no place, if it is not in use. True if it can be removed. */
    synchronized boolean tryForget(Session session) {
        return session.phase() == Phase.SETTLED && session.tryForget();
    }

    /** Suspends the upload of a session that has no place, if it is not in use. True if it can be removed. */
    synchronized boolean trySuspend(Session session) {
        return session.phase() == Phase.SETTLED && session.trySuspend();
    }

    /** Reports the notices of closed journals. Not called while a session is being opened: the listener may log. */
    private void report() {
        for (String notice = notices.poll(); notice != null; notice = notices.poll()) {
            status.warn(notice);
        }
    }
}
