package ai.dreamlake.logback;

import ai.dreamlake.logback.internal.record.RecordLevel;
import org.slf4j.Marker;
import org.slf4j.MarkerFactory;

/** The markers that mean something to Dreamlake. */
public final class DreamlakeMarkers {

    /**
     * Makes an event fatal, Dreamlake's fifth level, which SLF4J does not have:
     * {@code log.error(DreamlakeMarkers.FATAL, "Out of memory - aborting")}.
     *
     * <p>The name is what counts: any marker called {@code FATAL} does the same, at any level, also inside another
     * marker. Code that must not know this library gets one from {@code MarkerFactory.getMarker("FATAL")}.
     */
    public static final Marker FATAL = MarkerFactory.getMarker(RecordLevel.FATAL_MARKER);

    private DreamlakeMarkers() {}
}
