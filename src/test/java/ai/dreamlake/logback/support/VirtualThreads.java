package ai.dreamlake.logback.support;

import org.junit.jupiter.api.Assumptions;

/** Virtual threads, in tests that are compiled for a Java that has none. */
public final class VirtualThreads {

    private VirtualThreads() {}

    /** Starts one; before Java 21 the test is skipped. */
    public static Thread start(Runnable task) {
        try {
            return (Thread)
                    Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, task);
        } catch (NoSuchMethodException javaBefore21) {
            return Assumptions.abort("no virtual threads before Java 21");
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }
}
