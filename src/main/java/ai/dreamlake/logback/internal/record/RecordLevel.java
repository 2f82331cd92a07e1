package ai.dreamlake.logback.internal.record;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import java.util.List;
import java.util.Locale;
import org.slf4j.Marker;

/** Dreamlake's five levels, in ascending order. */
public enum RecordLevel {
    DEBUG,
    INFO,
    WARN,
    ERROR,
    FATAL;

    /** The name of the marker that makes an event fatal. Other SLF4J bridges use the same name. */
    public static final String FATAL_MARKER = "FATAL";

    /** The level as it is written in a record. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    // contains(Marker) compares marker objects; by convention among bridges, the name decides.
    @SuppressWarnings("deprecation")
    private static boolean isFatal(Marker marker) {
        return marker != null && marker.contains(FATAL_MARKER);
    }

    /** TRACE and DEBUG become DEBUG. A FATAL marker, even inside another marker, makes any event FATAL. */
    static RecordLevel of(ILoggingEvent event) {
        List<Marker> markers = event.getMarkerList();
        if (markers != null) {
            for (Marker marker : markers) {
                if (isFatal(marker)) {
                    return FATAL;
                }
            }
        }
        return of(event.getLevel());
    }

    private static RecordLevel of(Level level) {
        if (level == null) {
            return INFO;
        }
        if (level.toInt() >= Level.ERROR_INT) {
            return ERROR;
        }
        if (level.toInt() >= Level.WARN_INT) {
            return WARN;
        }
        return level.toInt() >= Level.INFO_INT ? INFO : DEBUG;
    }
}
