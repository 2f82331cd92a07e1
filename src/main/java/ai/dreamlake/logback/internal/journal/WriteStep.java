package ai.dreamlake.logback.internal.journal;

/** The steps of a write. A kill after any of them must neither lose nor repeat a record. */
public enum WriteStep {
    /** {@code .log_sequence} has the number that follows the write. */
    HINTED,
    /** The tail says that its records are being written. */
    ANNOUNCED,
    /** The lines are in the log. */
    WRITTEN,
    /** The tail is empty again. */
    EMPTIED
}
