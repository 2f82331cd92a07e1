package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.session.SessionName;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Sessions that wait for the server in such a number that they are not kept in memory (I4). Of each one only its name
 * and sizes are noted here, and {@link Uploads} keeps the numbers of its pending records; everything else is on disk.
 * Thread-safe.
 */
final class SuspendedUploads {

    /**
     * A session that is not in memory.
     *
     * @param length of its logs, in bytes
     * @param pendingBytes how many of them the server does not have
     * @param time when it was last written, as files have it
     */
    record Suspended(SessionName name, long length, long pendingBytes, long time) {}

    // Guarded by this.

    /** Those that can go on, in their order. */
    private final Map<SessionName, Suspended> waiting = new LinkedHashMap<>();

    /** Those of which nothing is sent until the next start. */
    private final Map<SessionName, Suspended> parked = new LinkedHashMap<>();

    private long length;
    private long pendingBytes;

    synchronized void add(Suspended session, boolean isParked) {
        remove(session.name());
        (isParked ? parked : waiting).put(session.name(), session);
        length += session.length();
        pendingBytes += session.pendingBytes();
    }

    /** The session is in memory again. */
    synchronized void remove(SessionName name) {
        Suspended session = waiting.remove(name);
        if (session == null) {
            session = parked.remove(name);
        }
        if (session != null) {
            length -= session.length();
            pendingBytes -= session.pendingBytes();
        }
    }

    /** The next ones whose turn it is. They stay suspended, at the end of the queue, until they are removed. */
    synchronized List<SessionName> next(int count) {
        List<SessionName> next = waiting.keySet().stream().limit(count).toList();
        next.forEach(name -> waiting.put(name, waiting.remove(name)));
        return next;
    }

    /** Whether there are some that can go on. */
    synchronized boolean areWaiting() {
        return !waiting.isEmpty();
    }

    synchronized boolean isParked(SessionName name) {
        return parked.containsKey(name);
    }

    synchronized List<Suspended> all() {
        List<Suspended> all = new ArrayList<>(waiting.values());
        all.addAll(parked.values());
        return all;
    }

    /** Of the logs of all, in bytes. */
    synchronized long length() {
        return length;
    }

    synchronized long pendingBytes() {
        return pendingBytes;
    }
}
