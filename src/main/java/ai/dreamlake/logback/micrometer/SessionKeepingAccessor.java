package ai.dreamlake.logback.micrometer;

import ai.dreamlake.logback.internal.session.MdcEntries;
import io.micrometer.context.ThreadLocalAccessor;
import org.jspecify.annotations.Nullable;

/** Wraps another accessor for the MDC, and leaves the session's entries as they are. */
final class SessionKeepingAccessor<V> implements ThreadLocalAccessor<V> {

    private final ThreadLocalAccessor<V> accessor;

    SessionKeepingAccessor(ThreadLocalAccessor<V> accessor) {
        this.accessor = accessor;
    }

    @Override
    public Object key() {
        return accessor.key();
    }

    @Override
    public @Nullable V getValue() {
        return accessor.getValue();
    }

    @Override
    public void setValue(V value) {
        keepingSession(() -> accessor.setValue(value));
    }

    @Override
    public void setValue() {
        keepingSession(accessor::setValue);
    }

    @Override
    public void restore(V previous) {
        keepingSession(() -> accessor.restore(previous));
    }

    @Override
    public void restore() {
        keepingSession(accessor::restore);
    }

    private static void keepingSession(Runnable change) {
        MdcEntries entries = MdcEntries.ofThread();
        try {
            change.run();
        } finally {
            entries.toThread();
        }
    }
}
