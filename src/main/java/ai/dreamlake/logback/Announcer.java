package ai.dreamlake.logback;

import ai.dreamlake.logback.internal.session.SessionName;
import ch.qos.logback.core.spi.ContextAware;
import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Tells Logback's status manager of our troubles, and is quiet about it (I8): a session that fails is announced once,
 * and once more when it goes on; all in all there are at most {@value #PER_MINUTE} warnings a minute. Never an ERROR, on
 * which Spring Boot does not start, and never a record's content. Thread-safe.
 */
final class Announcer {

    private static final int PER_MINUTE = 10;
    private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);

    /** Beyond so many failing sessions, further ones are only counted. */
    private static final int MOST_FAILING = 1000;

    private final ContextAware status;
    private final LongSupplier nanoTime;

    /** The sessions that fail at present, with the number of records lost since they do. */
    private final Map<SessionName, AtomicLong> failing = new ConcurrentHashMap<>();

    /** Whether it was said that the server cannot be reached, and not yet that it can. */
    private final AtomicBoolean uploadFails = new AtomicBoolean();

    /** Why sessions were parked, each reason said once. */
    private final Set<String> parked = ConcurrentHashMap.newKeySet();

    // Guarded by this.
    private long minuteStart;
    private int inThisMinute;
    private long leftOut;

    Announcer(ContextAware status, LongSupplier nanoTime) {
        this.status = status;
        this.nanoTime = nanoTime;
        this.minuteStart = nanoTime.getAsLong();
    }

    void lost(SessionName named, Throwable reason) {
        AtomicLong lost = failing.get(named);
        if (lost == null && failing.size() < MOST_FAILING) {
            lost = failing.putIfAbsent(named, new AtomicLong(1));
            if (lost == null) {
                warn("Session " + shown(named) + ": records are dropped, and counted, until they can be written again.", reason);
                return;
            }
        }
        if (lost != null) {
            lost.incrementAndGet();
        }
    }

    void written(SessionName named) {
        if (failing.isEmpty()) {
            return;
        }
        AtomicLong lost = failing.remove(named);
        if (lost != null) {
            info("Session " + shown(named) + " goes on. Records dropped: " + lost);
        }
    }

    void uploadFails(String reason) {
        if (uploadFails.compareAndSet(false, true)) {
            warn("Records do not reach the server (" + reason + "). They are kept on disk and sent as soon as it answers.");
        }
    }

    void uploads() {
        if (uploadFails.get() && uploadFails.compareAndSet(true, false)) {
            info("Records reach the server again.");
        }
    }

    void parked(SessionName session, String reason) {
        if (parked.add(reason)) {
            warn("The server refuses session " + session + " (" + reason + "). Check <apiKey> or <userName>, and whether the"
                    + " session is write-protected. Records are kept on disk, and sent after the next start. Further sessions"
                    + " that it refuses are not announced.");
        }
    }

    private void info(String message) {
        try {
            status.addInfo(message);
        } catch (RuntimeException listenersOwn) {
            // As below.
        }
    }

    void warn(String message) {
        warn(message, null);
    }

    private void warn(String message, Throwable reason) {
        String missing = admit();
        if (missing == null) {
            return;
        }
        try {
            say(message, reason, missing);
        } catch (RuntimeException listenersOwn) {
            // A status listener is the application's code. It must not cost a record.
        }
    }

    private void say(String message, Throwable reason, String missing) {
        if (reason == null) {
            status.addWarn(message + missing);
        } else if (reason instanceof IOException) {
            status.addWarn(message + " " + reason.getMessage() + missing);
        } else {
            // The stack trace says where; the message might quote what was logged.
            status.addWarn(message + " " + reason.getClass().getName() + missing, withoutMessage(reason));
        }
    }

    private static Throwable withoutMessage(Throwable reason) {
        Throwable trace = new Throwable(reason.getClass().getName());
        trace.setStackTrace(reason.getStackTrace());
        return trace;
    }

    /** Null if enough was said in this minute, otherwise what to add to the message. */
    private synchronized String admit() {
        long now = nanoTime.getAsLong();
        if (now - minuteStart >= MINUTE) {
            minuteStart = now;
            inThisMinute = 0;
        }
        if (inThisMinute == PER_MINUTE) {
            leftOut++;
            return null;
        }
        inThisMinute++;
        String missing = leftOut == 0 ? "" : " (" + leftOut + " warnings before this one were left out)";
        leftOut = 0;
        return missing;
    }

    /** A name may come from outside. */
    private static SessionName shown(SessionName named) {
        return SessionName.safe(named.workspace(), named.session());
    }
}
