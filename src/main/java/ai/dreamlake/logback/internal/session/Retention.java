package ai.dreamlake.logback.internal.session;

/** What happens to a session's log once a server has acknowledged it. */
public enum Retention {
    /** The log stays: local mode and hybrid mode. */
    KEEP,
    /** The log is deleted, segment by segment: remote mode. */
    SPOOL
}
