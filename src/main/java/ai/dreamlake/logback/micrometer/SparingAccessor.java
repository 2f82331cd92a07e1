package ai.dreamlake.logback.micrometer;

import ai.dreamlake.logback.internal.session.MdcEntries;
import io.micrometer.context.ThreadLocalAccessor;
import org.jspecify.annotations.Nullable;

/** Somebody else's accessor for the MDC, which leaves the session's entries as they are. */
final class SparingAccessor<V> implements ThreadLocalAccessor<V> {

    private final ThreadLocalAccessor<V> accessor;

    SparingAccessor(ThreadLocalAccessor<V> accessor) {
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
        sparing(() -> accessor.setValue(value));
    }

    @Override
    public void setValue() {
        sparing(accessor::setValue);
    }

    @Override
    public void restore(V previous) {
        sparing(() -> accessor.restore(previous));
    }

    @Override
    public void restore() {
        sparing(accessor::restore);
    }

    private static void sparing(Runnable change) {
        MdcEntries entries = MdcEntries.ofThread();
        try {
            change.run();
        } finally {
            entries.toThread();
        }
    }
}
