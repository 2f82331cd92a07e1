package ai.dreamlake.logback.internal.engine;

/** Why an event was lost. The public statistics say what each one means. */
public enum DropReason {
    DISK,
    LOCKED,
    RECURSION,
    SPOOL,
    ERROR
}
