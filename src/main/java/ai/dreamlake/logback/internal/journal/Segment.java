package ai.dreamlake.logback.internal.journal;

import java.io.File;

/**
 * A part of a spool's log to which no record is appended any more.
 *
 * @param end one past the number of its last record
 */
public record Segment(File file, long end) {}
