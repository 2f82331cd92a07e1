package ai.dreamlake.logback.internal.engine;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.AsyncAppenderBase;
import ch.qos.logback.core.Context;
import ch.qos.logback.core.spi.AppenderAttachable;
import ch.qos.logback.core.spi.ContextAware;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/** Finds an AsyncAppender around ours that discards events silently. */
final class AsyncAppenders {

    /** Bounds appenders that contain themselves. */
    private static final int MAX_DEPTH = 10;

    private AsyncAppenders() {}

    /**
     * What to warn about, or null. An appender is started before it is attached to anything, so call this at its first
     * event.
     *
     * @param ours an appender
     */
    static @Nullable String warning(ContextAware ours, String name) {
        Context context = ours.getContext();
        if (context instanceof LoggerContext loggers) {
            for (Logger logger : loggers.getLoggerList()) {
                AsyncAppenderBase<?> found = around(ours, logger, null, 0);
                if (found != null) {
                    return "Appender [" + found.getName() + "] is an AsyncAppender around appender [" + name
                            + "], which does not need one, and it discards events when its queue fills. Attach [" + name
                            + "] to the loggers directly, or let [" + found.getName() + "] discard nothing:"
                            + " <discardingThreshold>0</discardingThreshold>, and no <neverBlock>.";
                }
            }
        }
        return null;
    }

    /** @param discarding the discarding appender around this place, or null */
    private static @Nullable AsyncAppenderBase<?> around(
            ContextAware ours, AppenderAttachable<?> place, @Nullable AsyncAppenderBase<?> discarding, int depth) {
        Iterator<? extends Appender<?>> appenders = place.iteratorForAppenders();
        while (appenders.hasNext() && depth < MAX_DEPTH) {
            Appender<?> appender = appenders.next();
            if (appender == ours && discarding != null) {
                return discarding;
            }
            if (appender instanceof AppenderAttachable<?> outer) {
                AsyncAppenderBase<?> inner = ifDiscarding(appender);
                AsyncAppenderBase<?> found = around(ours, outer, inner != null ? inner : discarding, depth + 1);
                if (found != null) {
                    return found;
                }
            }
        }
        return null;
    }

    /** The appender if it discards events; otherwise null. */
    private static @Nullable AsyncAppenderBase<?> ifDiscarding(Appender<?> appender) {
        return appender instanceof AsyncAppenderBase<?> queue
                        && (queue.isNeverBlock() || queue.getDiscardingThreshold() > 0)
                ? queue
                : null;
    }
}
