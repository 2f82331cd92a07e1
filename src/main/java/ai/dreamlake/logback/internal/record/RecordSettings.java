package ai.dreamlake.logback.internal.record;

import ch.qos.logback.classic.pattern.ThrowableHandlingConverter;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What goes into a record besides time, level and message. The defaults stand here and nowhere else; an encoder copies
 * the settings when it is made, so later changes have no effect on it.
 */
public final class RecordSettings {

    public boolean includeMdc = true;
    public boolean includeKeyValues = true;
    public boolean includeNamedArguments = false;
    public boolean includeLoggerName = false;
    public boolean includeThreadName = false;
    public boolean includeMarkers = false;
    public boolean includeCallerData = false;
    public boolean includeStackTrace = true;

    /** Only these MDC entries, or all where it is empty. */
    public final Set<String> includeMdcKeys = new LinkedHashSet<>();

    /** Never these MDC entries. */
    public final Set<String> excludeMdcKeys = new LinkedHashSet<>();

    /** Formats stack traces; null is Logback's own format. It must be started. */
    public @Nullable ThrowableHandlingConverter throwableConverter;
}
