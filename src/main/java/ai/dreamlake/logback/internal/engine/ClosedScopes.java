package ai.dreamlake.logback.internal.engine;

import ai.dreamlake.logback.internal.io.StackHeadroom;
import ai.dreamlake.logback.internal.record.RecordEncoder;
import ai.dreamlake.logback.internal.session.MdcEntries;
import ai.dreamlake.logback.internal.session.Scopes;
import ai.dreamlake.logback.internal.session.SessionKeys;
import ch.qos.logback.classic.spi.ILoggingEvent;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.MDC;

/**
 * Prevents closed scopes from naming sessions. A scope leaves its entries in an MDC if another thread closed it, or if
 * the MDC was copied. Thread-safe.
 */
final class ClosedScopes {

    private final StatusReporter status;
    private final AtomicBoolean warned = new AtomicBoolean();

    ClosedScopes(StatusReporter status) {
        this.status = status;
    }

    /**
     * The event's MDC without the entries that a closed scope left there. If the current thread's MDC has them, too,
     * they are removed from it.
     *
     * @param mdc the event's MDC
     */
    Map<String, String> withoutClosed(Map<String, String> mdc, ILoggingEvent event) {
        String id = mdc.get(SessionKeys.SCOPE);
        if (id == null || !Scopes.isClosed(id)) {
            return mdc;
        }
        MdcEntries given = MdcEntries.of(mdc);
        // An event may have waited in an AsyncAppender's queue while its scope was closed, so its timestamp decides.
        // On the thread that logged it does not: clocks can be set back.
        MdcEntries valid = Scopes.valid(given, clean(id) ? null : RecordEncoder.timestamp(event));
        if (id.equals(valid.scope())) {
            return mdc; // it was open then
        }
        warnOnce(given);
        return valid.in(mdc);
    }

    /** Whether the current thread's MDC had this id. */
    private static boolean clean(String id) {
        try {
            if (!id.equals(MDC.get(SessionKeys.SCOPE))) {
                return false;
            }
            StackHeadroom.require();
            Scopes.valid(MdcEntries.ofThread(), null).toThread();
        } catch (RuntimeException | StackOverflowError notNow) {
            // The next event tries again. This one goes to the right session.
        }
        return true;
    }

    private void warnOnce(MdcEntries given) {
        if (!warned.getAndSet(true)) {
            status.warn("A thread logs with the MDC of a scope that is closed, for session " + given.workspace() + "/"
                    + given.session() + ". Its records go where they would go without that scope. Close a scope on the"
                    + " thread that opened it, or carry its session to other threads with DreamlakeSession.propagate"
                    + " or wrap. Further ones are not announced.");
        }
    }
}
