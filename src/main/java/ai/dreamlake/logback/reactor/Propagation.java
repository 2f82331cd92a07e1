package ai.dreamlake.logback.reactor;

import ai.dreamlake.logback.internal.session.SessionKeys;
import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ThreadLocalAccessor;

/** What needs context-propagation, in a class of its own: the JVM loads it only where it is called. */
final class Propagation {

    private Propagation() {}

    /**
     * Has the accessor that carries sessions look at the others, which must not change the session's entries. It does
     * so whenever it is asked for a value. In a pipeline's first operator that would be too late: what another accessor
     * clears there, the whole pipeline lacks.
     */
    static void prepare() {
        for (ThreadLocalAccessor<?> accessor : ContextRegistry.getInstance().getThreadLocalAccessors()) {
            if (accessor.key().equals(SessionKeys.SESSION)) {
                accessor.getValue();
            }
        }
    }
}
