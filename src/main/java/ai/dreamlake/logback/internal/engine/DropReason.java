package ai.dreamlake.logback.internal.engine;

/** Why an event was lost. The public statistics document each reason. */
public enum DropReason {
    DISK,
    LOCKED,
    RECURSION,
    SPOOL,
    ERROR
}
