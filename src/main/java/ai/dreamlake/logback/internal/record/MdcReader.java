package ai.dreamlake.logback.internal.record;

import ch.qos.logback.classic.spi.ILoggingEvent;
import java.util.Map;

/** Reads an event's MDC. */
public final class MdcReader {

    private MdcReader() {}

    /**
     * The MDC of the event, never null. Empty if it cannot be read: an event of a manually created LoggerContext has no
     * MDC adapter, and throws.
     */
    public static Map<String, String> of(ILoggingEvent event) {
        try {
            Map<String, String> mdc = event.getMDCPropertyMap();
            return mdc != null ? mdc : Map.of();
        } catch (RuntimeException noAdapter) {
            return Map.of();
        }
    }
}
