package ai.dreamlake.logback;

import java.util.Map;

/**
 * What became of the events that an appender took, since it was started. An immutable snapshot whose sums are right:
 * {@code accepted = written + pending + dropped} where there is no server, else
 * {@code accepted = delivered + pending + rejected + dropped}.
 *
 * @param accepted events that reached the appender, passed its filters, and were meant for a session
 * @param written events whose record is in its session's log, or was
 * @param delivered events whose record the server has; 0 where there is none. Records of earlier runs count for no appender
 * @param pending events on their way at this moment: through the appender, or to the server
 * @param rejected events whose record the server refused for good
 * @param dropped events that were lost, by reason; every reason is there, most of them with 0. Where the application's stack
 *     ends just behind the system call, an event counts here although its record is in the log
 * @param openSessions sessions whose log is open at this moment
 * @param pendingBytes how much of these sessions' logs the server does not have yet, whoever wrote it
 * @param retries how many attempts to deliver something failed and were, or will be, repeated
 * @param lastError why the last of them failed, such as "HTTP 503"; null if none did. It never has a record's content in it
 */
public record DreamlakeStatistics(
        long accepted,
        long written,
        long delivered,
        long pending,
        long rejected,
        Map<DropReason, Long> dropped,
        int openSessions,
        long pendingBytes,
        long retries,
        String lastError) {

    /** Why an event was lost. */
    public enum DropReason {
        /** The log could not be written: a full disk, a read-only directory, a broken device. */
        DISK,
        /** Another process held the session's lock and did not give it up for ten seconds. */
        LOCKED,
        /** A value's {@code toString} or getter logged itself, again and again. */
        RECURSION,
        /** The spool reached its limit before the server took the record, or somebody deleted the log before. */
        SPOOL,
        /** An error that should not happen, or a JVM in trouble, such as one out of memory. */
        ERROR
    }

    /** Copies the map. */
    public DreamlakeStatistics {
        dropped = Map.copyOf(dropped);
    }

    /** The number of lost events, whatever the reason. */
    public long droppedInAll() {
        return dropped.values().stream().mapToLong(Long::longValue).sum();
    }
}
