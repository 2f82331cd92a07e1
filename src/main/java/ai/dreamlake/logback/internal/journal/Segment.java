package ai.dreamlake.logback.internal.journal;

import java.io.File;

/**
 * A closed part of a spool's log: nothing more is appended to it.
 *
 * @param end one past the number of its last record; 0 if the number in its name is not valid for a record
 */
public record Segment(File file, long end) {

    /** Whether it may contain the record with this number, or a later one. */
    boolean reaches(long number) {
        return end == 0 || end > number;
    }
}
