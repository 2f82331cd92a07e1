package ai.dreamlake.logback.internal.engine;

import ai.dreamlake.logback.internal.session.SessionName;
import ch.qos.logback.core.Context;
import ch.qos.logback.core.spi.ContextAware;
import ch.qos.logback.core.status.StatusManager;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Reports our problems to Logback's status manager, at a limited rate (I8). {@link Outages} decides when to report what
 * fails and works again. If very many sessions do, the first {@value #MAX_AT_ONCE} are reported by name, then
 * {@value #NAMED_PER_MINUTE} per minute, and the others in one status per minute. Of other warnings there are at most
 * {@value #MAX_AT_ONCE} at once, and as many per minute. Whatever is left out is counted and reported later.
 *
 * <p>The first loss, and the summary at the end, also go to standard error if nobody listens to the statuses.
 *
 * <p>It never reports an ERROR, on which Spring Boot does not start, and never a record's content. Thread-safe.
 */
final class StatusReporter {

    private static final int MAX_AT_ONCE = 10;
    private static final int NAMED_PER_MINUTE = 2;
    private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);

    private final ContextAware status;
    private final String name;
    private final String pathProperty;
    private final Consumer<String> standardError;
    private final LongSupplier nanoTime;

    private final Outages server = new Outages();

    /** Why sessions were parked. Each reason is reported once. */
    private final Set<String> parked = ConcurrentHashMap.newKeySet();

    private final AtomicBoolean lossReported = new AtomicBoolean();
    private final AtomicBoolean summaryReported = new AtomicBoolean();

    // Guarded by this.

    private final Bound warnings;
    private final Bound failingSessions;
    private final Bound workingSessions;

    /** Warnings that were left out. */
    private long omitted;

    /** When the first of them was left out. */
    private long omittedSince;

    /** What is not yet reported about sessions that are not reported by name. */
    private long othersFailing;

    private long othersWorking;
    private long othersLost;

    /** When the first of them was left out. */
    private long othersSince;

    /**
     * @param name the appender's name
     * @param pathProperty the property that names the directory of all sessions, such as {@code <localPath>}
     * @param standardError takes lines for standard error
     */
    StatusReporter(
            ContextAware status,
            String name,
            String pathProperty,
            Consumer<String> standardError,
            LongSupplier nanoTime) {
        this.status = status;
        this.name = name;
        this.pathProperty = pathProperty;
        this.standardError = standardError;
        this.nanoTime = nanoTime;
        long now = nanoTime.getAsLong();
        this.warnings = new Bound(MAX_AT_ONCE, MINUTE / MAX_AT_ONCE, now);
        this.failingSessions = new Bound(MAX_AT_ONCE, MINUTE / NAMED_PER_MINUTE, now);
        this.workingSessions = new Bound(MAX_AT_ONCE, MINUTE / NAMED_PER_MINUTE, now);
    }

    /** A record of a session is lost. */
    void lost(SessionName session, Outages outages, Throwable reason) {
        outages.lost();
        if (!outages.isFailing()) {
            String described = Remedies.describe(reason, pathProperty);
            report(
                    session,
                    outages.failed(nanoTime.getAsLong(), described),
                    reason instanceof IOException ? null : reason);
            firstLoss("session " + session + ": records are dropped, and counted, until they can be written again. "
                    + described);
        }
    }

    /** A record of a session is written after others were lost. */
    void works(SessionName session, Outages outages) {
        report(session, outages.works(nanoTime.getAsLong()), null);
    }

    /** Reports what is due about a session. */
    void due(SessionName session, Outages outages) {
        report(session, outages.due(nanoTime.getAsLong()), null);
    }

    /** Reports what is left to report about a session at the end. */
    void rest(SessionName session, Outages outages) {
        report(session, outages.rest(nanoTime.getAsLong()), null);
    }

    /** Takes over what is not yet reported about a session that is forgotten. */
    void forgotten(Outages outages) {
        countOthers(0, 0, outages.takeUnreportedLosses());
    }

    /** @param fault a failure whose stack trace is reported, or null */
    private void report(SessionName session, Outages.@Nullable Report report, @Nullable Throwable fault) {
        if (report == null || !isNamed(report)) {
            return;
        }
        String again = report.failures() > 1 || !report.isFailing() && report.failures() > 0
                ? " It failed " + times(report.failures()) + " since the last report."
                : "";
        if (!report.isFailing()) {
            info("Session " + session + " works again." + again + " Records dropped: " + report.lost());
        } else if (report.failures() > 0) {
            say(
                    "Session " + session + ": records are dropped, and counted, until they can be written again. "
                            + report.reason() + again + (report.lost() > 0 ? " Records dropped: " + report.lost() : ""),
                    fault);
        } else {
            say("Session " + session + " still fails. " + report.reason() + " Records dropped since the last report: "
                    + report.lost());
        }
    }

    private static String times(long count) {
        return count == 1 ? "once" : count + " times";
    }

    /** Whether to report a session by name. If not, it is counted among the others. */
    private synchronized boolean isNamed(Outages.Report report) {
        if ((report.isFailing() ? failingSessions : workingSessions).admits(nanoTime.getAsLong())) {
            return true;
        }
        countOthers(report.isFailing() ? 1 : 0, report.isFailing() ? 0 : 1, report.lost());
        return false;
    }

    private synchronized void countOthers(long failing, long working, long lost) {
        if (othersFailing + othersWorking + othersLost == 0) {
            othersSince = nanoTime.getAsLong();
        }
        othersFailing += failing;
        othersWorking += working;
        othersLost += lost;
    }

    /** A server fails, again or still. */
    void serverFails(String reason) {
        if (!server.isFailing()) {
            reportServer(server.failed(nanoTime.getAsLong(), reason));
        }
    }

    void serverWorks() {
        if (server.isFailing()) {
            reportServer(server.works(nanoTime.getAsLong()));
        }
    }

    private void reportServer(Outages.@Nullable Report report) {
        if (report == null) {
            return;
        }
        String again = report.failures() > 1 || !report.isFailing() && report.failures() > 0
                ? " That failed " + times(report.failures()) + " since the last report."
                : "";
        if (report.isFailing()) {
            say("Records do not reach the server (" + report.reason()
                    + "). They are kept on disk and sent as soon as it answers." + again);
        } else {
            info("Records reach the server again." + again);
        }
    }

    void parked(SessionName session, String reason, String remedy) {
        if (parked.add(reason)) {
            warn("The server refuses session " + session + " (" + reason + "). " + remedy
                    + " Records are kept on disk. Further sessions that it refuses are not announced.");
        }
    }

    /** Sessions were deleted as {@code <localRetention>} asks. */
    void cleaned(int sessions, long bytes) {
        info("Deleted " + sessions + (sessions == 1 ? " session" : " sessions") + " with " + bytes
                + " bytes, as <localRetention> asks.");
    }

    /** Records are lost, but not because they could not be written. */
    void warnOfLoss(String message) {
        warn(message);
        firstLoss(message);
    }

    void warn(String message) {
        String suffix = admit();
        if (suffix != null) {
            say(message + suffix);
        }
    }

    /** What to add to the message; null if it must be left out. */
    private synchronized @Nullable String admit() {
        long now = nanoTime.getAsLong();
        if (!warnings.admits(now)) {
            omittedSince = omitted == 0 ? now : omittedSince;
            omitted++;
            return null;
        }
        String suffix = omitted == 0 ? "" : " (" + omitted + " warnings before this one were left out)";
        omitted = 0;
        return suffix;
    }

    /** Reports what is due and was left out. Must be called regularly. */
    void reportDue() {
        reportServer(server.due(nanoTime.getAsLong()));
        reportLeftOut(false);
    }

    /** Reports what was left out, since nothing follows. */
    void reportRest() {
        reportServer(server.rest(nanoTime.getAsLong()));
        reportLeftOut(true);
    }

    private void reportLeftOut(boolean isLast) {
        String others = null;
        boolean someFail;
        long warningsLeftOut = 0;
        synchronized (this) {
            long now = nanoTime.getAsLong();
            someFail = othersFailing > 0;
            if ((othersFailing > 0 || othersWorking > 0 || othersLost > 0) && (isLast || now - othersSince >= MINUTE)) {
                others = "Of sessions that are not named here, " + othersFailing + " began to drop records, and "
                        + othersWorking + " work again. Records dropped in such sessions: " + othersLost;
                othersFailing = 0;
                othersWorking = 0;
                othersLost = 0;
            }
            if (omitted > 0 && (isLast || now - omittedSince >= MINUTE)) {
                warningsLeftOut = omitted;
                omitted = 0;
            }
        }
        if (others != null && someFail) {
            say(others);
        } else if (others != null) {
            info(others);
        }
        if (warningsLeftOut > 0) {
            say(warningsLeftOut + " more warnings were left out.");
        }
    }

    /**
     * Reports what became of all records, unless all is well. Only the first summary is reported: stop and exit may
     * both call this, in any order.
     *
     * @param summary null if all is well
     */
    void summary(@Nullable LossSummary summary) {
        if (summary != null && summaryReported.compareAndSet(false, true)) {
            if (summary.isLoss()) {
                say(summary.text());
            } else {
                info(summary.text());
            }
            sayUnheard(summary.text());
        }
    }

    /** Reports the first loss once. If an attempt fails because the stack is exhausted, the next loss tries again. */
    private void firstLoss(String message) {
        if (!lossReported.get() && lossReported.compareAndSet(false, true) && !sayUnheard(message)) {
            lossReported.set(false);
        }
    }

    /** Writes to standard error if nobody listens to statuses. False if that fails. */
    private boolean sayUnheard(String message) {
        try {
            if (!isHeard()) {
                standardError.accept("Dreamlake appender [" + name + "]: " + message);
            }
            return true;
        } catch (Throwable noStackLeft) { // or no memory left. That must not cost a record
            return false;
        }
    }

    private boolean isHeard() {
        Context context = status.getContext();
        StatusManager statuses = context == null ? null : context.getStatusManager();
        return statuses != null && !statuses.getCopyOfStatusListenerList().isEmpty();
    }

    private void info(String message) {
        try {
            status.addInfo(message);
        } catch (Throwable listenersOwn) {
            // As in say.
        }
    }

    private void say(String message) {
        say(message, null);
    }

    private void say(String message, @Nullable Throwable fault) {
        try {
            if (fault == null) {
                status.addWarn(message);
            } else {
                status.addWarn(message, withoutMessage(fault));
            }
        } catch (Throwable listenersOwn) {
            // A status listener is the application's code. It must not cost a record.
        }
    }

    /** The message might quote what was logged. */
    private static Throwable withoutMessage(Throwable fault) {
        Throwable trace = new Throwable(fault.getClass().getName());
        trace.setStackTrace(fault.getStackTrace());
        return trace;
    }
}
