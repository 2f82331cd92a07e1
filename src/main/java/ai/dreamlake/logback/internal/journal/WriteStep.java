package ai.dreamlake.logback.internal.journal;

/** The steps of a write. A kill after any of them must lose and repeat nothing. */
public enum WriteStep {
    /** {@code .log_sequence} has the number after the write. */
    HINTED,
    /** The tail says that what it holds is being written. */
    ANNOUNCED,
    /** The lines are in the log. */
    WRITTEN,
    /** The tail is empty again. */
    EMPTIED
}
