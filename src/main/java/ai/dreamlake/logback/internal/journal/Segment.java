package ai.dreamlake.logback.internal.journal;

import java.io.File;

/**
 * A part of a spool's log to which no record is appended any more.
 *
 * @param end one past the number of its last record; 0 if its name has a number that no record can have
 */
public record Segment(File file, long end) {

    /** Whether a record with this number, or a later one, may be in it. */
    boolean reaches(long number) {
        return end == 0 || end > number;
    }
}
