package ai.dreamlake.logback;

import ai.dreamlake.logback.internal.record.RecordLevel;
import org.slf4j.Marker;
import org.slf4j.MarkerFactory;

/** The markers that mean something to Dreamlake. */
public final class DreamlakeMarkers {

    /**
     * Makes an event fatal, which is Dreamlake's fifth level and missing in SLF4J:
     * {@code log.error(DreamlakeMarkers.FATAL, "Out of memory - aborting")}.
     *
     * <p>Only the name matters: any marker named {@code FATAL} has the same effect, at any level, even inside another
     * marker. Code that must not depend on this library gets one from {@code MarkerFactory.getMarker("FATAL")}.
     */
    public static final Marker FATAL = MarkerFactory.getMarker(RecordLevel.FATAL_MARKER);

    private DreamlakeMarkers() {}
}
