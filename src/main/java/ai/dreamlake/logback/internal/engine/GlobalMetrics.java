package ai.dreamlake.logback.internal.engine;

import java.lang.reflect.InvocationTargetException;
import org.jspecify.annotations.Nullable;

/**
 * Binds meters to Micrometer's global registry. Micrometer is optional, so the class that does this is loaded by name.
 */
public final class GlobalMetrics {

    private static final String BINDER = "ai.dreamlake.logback.micrometer.DreamlakeMetrics";

    private GlobalMetrics() {}

    /** Returns what to report if that fails; otherwise null. */
    public static @Nullable String bind() {
        try {
            Class.forName(BINDER, true, GlobalMetrics.class.getClassLoader())
                    .getMethod("bindToGlobalRegistry")
                    .invoke(null);
            return null;
        } catch (LinkageError missing) {
            return "<metricsEnabled> needs io.micrometer:micrometer-core on the class path (" + missing + ").";
        } catch (InvocationTargetException failed) {
            return "The meters cannot be bound: " + failed.getCause();
        } catch (ReflectiveOperationException impossible) {
            throw new IllegalStateException(impossible); // it is in this jar
        }
    }
}
