package ai.dreamlake.logback.reactor;

import ai.dreamlake.logback.internal.session.SessionKeys;
import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ThreadLocalAccessor;

/**
 * The code that needs context-propagation. It is a class of its own, so that the JVM loads it only when it is called.
 */
final class Propagation {

    private Propagation() {}

    /**
     * Makes the accessor that carries sessions check the other ones, which must not change the session's entries. It
     * does so whenever it is asked for a value. A pipeline's first operator would be too late for that: if another
     * accessor clears the entries there, the whole pipeline lacks them.
     */
    static void prepare() {
        for (ThreadLocalAccessor<?> accessor : ContextRegistry.getInstance().getThreadLocalAccessors()) {
            if (accessor.key().equals(SessionKeys.SESSION)) {
                accessor.getValue();
            }
        }
    }
}
