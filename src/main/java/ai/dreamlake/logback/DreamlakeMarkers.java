package ai.dreamlake.logback;

import ai.dreamlake.logback.internal.record.RecordLevel;
import org.slf4j.Marker;
import org.slf4j.MarkerFactory;

/**
 * The markers that have a meaning in Dreamlake.
 *
 * @since 0.1.0
 */
public final class DreamlakeMarkers {

    /**
     * Makes an event fatal, Dreamlake's fifth level, which SLF4J does not have:
     * {@code log.error(DreamlakeMarkers.FATAL, "Out of memory - aborting")}.
     *
     * <p>Only the name matters: any marker named {@code FATAL} has the same effect, at any level, even inside another
     * marker. Code that must not depend on this library gets the marker from {@code MarkerFactory.getMarker("FATAL")}.
     */
    public static final Marker FATAL = MarkerFactory.getMarker(RecordLevel.FATAL_MARKER);

    private DreamlakeMarkers() {}
}
