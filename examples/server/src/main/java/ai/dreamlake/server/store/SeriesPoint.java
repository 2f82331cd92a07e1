package ai.dreamlake.server.store;

import java.time.Instant;

/**
 * A value in a record.
 *
 * @param number of the record
 * @param timestamp of the record
 * @param x the other value, if one was requested; NaN if none was, or if the record does not have it
 * @param value may be NaN or infinite
 */
public record SeriesPoint(long number, Instant timestamp, double x, double value) {}
