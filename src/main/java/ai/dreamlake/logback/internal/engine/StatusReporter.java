package ai.dreamlake.logback.internal.engine;

import ai.dreamlake.logback.internal.session.SessionName;
import ch.qos.logback.core.spi.ContextAware;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Tells Logback's status manager about our troubles, quietly (I8): at most {@value #MAX_PER_MINUTE} warnings a minute,
 * and each trouble once until it is over. Never an ERROR, on which Spring Boot does not start, and never a record's
 * content. Thread-safe.
 */
final class StatusReporter {

    private static final int MAX_PER_MINUTE = 10;
    private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);

    private final ContextAware status;
    private final LongSupplier nanoTime;

    /** Whether it was said that the server cannot be reached, and not yet that it can. */
    private final AtomicBoolean serverFails = new AtomicBoolean();

    /** Why sessions were parked, each reason said once. */
    private final Set<String> parked = ConcurrentHashMap.newKeySet();

    // Guarded by this.
    private long minuteStart;
    private int inThisMinute;
    private long omitted;

    StatusReporter(ContextAware status, LongSupplier nanoTime) {
        this.status = status;
        this.nanoTime = nanoTime;
        this.minuteStart = nanoTime.getAsLong();
    }

    /** The first record of a session is lost since it last worked. */
    void sessionFails(SessionName session, Throwable reason) {
        warn("Session " + session + ": records are dropped, and counted, until they can be written again.", reason);
    }

    void sessionResumes(SessionName session, long lost) {
        info("Session " + session + " goes on. Records dropped: " + lost);
    }

    void serverFails(String reason) {
        if (serverFails.compareAndSet(false, true)) {
            warn("Records do not reach the server (" + reason
                    + "). They are kept on disk and sent as soon as it answers.");
        }
    }

    void serverWorks() {
        if (serverFails.get() && serverFails.compareAndSet(true, false)) {
            info("Records reach the server again.");
        }
    }

    void parked(SessionName session, String reason) {
        if (parked.add(reason)) {
            warn("The server refuses session " + session + " (" + reason
                    + "). Check <apiKey> or <userName>, and whether the"
                    + " session is write-protected. Records are kept on disk, and sent after the next start. Further sessions"
                    + " that it refuses are not announced.");
        }
    }

    private void info(String message) {
        try {
            status.addInfo(message);
        } catch (Throwable listenersOwn) {
            // As below.
        }
    }

    void warn(String message) {
        warn(message, null);
    }

    private void warn(String message, @Nullable Throwable reason) {
        String suffix = admit();
        if (suffix == null) {
            return;
        }
        try {
            say(message, reason, suffix);
        } catch (Throwable listenersOwn) {
            // A status listener is the application's code. It must not cost a record.
        }
    }

    private void say(String message, @Nullable Throwable reason, String suffix) {
        if (reason == null) {
            status.addWarn(message + suffix);
        } else if (reason instanceof IOException) {
            status.addWarn(message + " " + reason.getMessage() + suffix);
        } else {
            // The stack trace says where; the message might quote what was logged.
            status.addWarn(message + " " + reason.getClass().getName() + suffix, withoutMessage(reason));
        }
    }

    private static Throwable withoutMessage(Throwable reason) {
        Throwable trace = new Throwable(reason.getClass().getName());
        trace.setStackTrace(reason.getStackTrace());
        return trace;
    }

    /** What to add to the message, or null if enough was said in this minute. */
    private synchronized @Nullable String admit() {
        long now = nanoTime.getAsLong();
        if (now - minuteStart >= MINUTE) {
            minuteStart = now;
            inThisMinute = 0;
        }
        if (inThisMinute == MAX_PER_MINUTE) {
            omitted++;
            return null;
        }
        inThisMinute++;
        String suffix = omitted == 0 ? "" : " (" + omitted + " warnings before this one were left out)";
        omitted = 0;
        return suffix;
    }
}
