package ai.dreamlake.logback.internal.record;

import ch.qos.logback.classic.pattern.ThrowableHandlingConverter;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JacksonModule;

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
    public boolean includeJacksonModules = true;

    /** The only MDC entries to include; empty means all. */
    public final Set<String> includeMdcKeys = new LinkedHashSet<>();

    /** The MDC entries to leave out. */
    public final Set<String> excludeMdcKeys = new LinkedHashSet<>();

    /** Metadata that every record gets unless it has the same key already. Already validated. */
    public Map<String, String> fields = Map.of();

    /** Whatever these match is masked in messages, texts and stack traces. Already validated. */
    public List<Pattern> masks = List.of();

    /** The metadata keys whose values are masked, in lower case. Already validated. */
    public Set<String> maskKeys = Set.of();

    /** The application's modules that were found, if they are included. */
    public List<JacksonModule> jacksonModules = List.of();

    /** Formats stack traces; null means Logback's own format. Must be started. */
    public @Nullable ThrowableHandlingConverter throwableConverter;
}
