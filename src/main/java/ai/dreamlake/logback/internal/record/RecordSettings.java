package ai.dreamlake.logback.internal.record;

import ch.qos.logback.classic.pattern.ThrowableHandlingConverter;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What goes into a record besides time, level and message. The defaults are defined only here. An encoder copies the
 * settings when it is created; later changes do not affect it.
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

    /** The only MDC entries to include; empty means all. */
    public final Set<String> includeMdcKeys = new LinkedHashSet<>();

    /** The MDC entries to leave out. */
    public final Set<String> excludeMdcKeys = new LinkedHashSet<>();

    /** What every record has that does not say something else itself, by name. Judged. */
    public Map<String, String> fields = Map.of();

    /** Formats stack traces; null means Logback's own format. Must be started. */
    public @Nullable ThrowableHandlingConverter throwableConverter;
}
