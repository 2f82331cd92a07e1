package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.session.SessionName;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Sessions that wait for the server, and are too many to keep in memory (I4). Only their names and sizes are noted
 * here, and {@link Uploads} keeps the numbers of their pending records. Everything else is on disk. Thread-safe.
 */
final class SuspendedUploads {

    /**
     * A session that is not in memory.
     *
     * @param length the size of its logs, in bytes
     * @param pendingBytes how many of them the server does not have
     * @param time when the oldest of its logs was last written, in milliseconds since 1970; 0 if that is unknown
     * @param dueAt when it may continue, in terms of {@link System#nanoTime}
     */
    record Suspended(SessionName name, long length, long pendingBytes, long time, long dueAt) {}

    // Guarded by this.

    /** Those that can continue, longest waiting first. */
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

    /** The sessions that may continue, longest waiting first. They stay suspended until they are removed. */
    synchronized List<SessionName> next(int count) {
        long now = System.nanoTime();
        return waiting.values().stream()
                .filter(session -> session.dueAt() - now <= 0)
                .limit(count)
                .map(Suspended::name)
                .toList();
    }

    /** The session could not continue. It waits again, after all others. */
    synchronized void postpone(SessionName name, long nanos) {
        Suspended session = waiting.remove(name);
        if (session != null) {
            waiting.put(
                    name,
                    new Suspended(
                            name, session.length(), session.pendingBytes(), session.time(), System.nanoTime() + nanos));
        }
    }

    /** Whether any session can continue, now or later. */
    synchronized boolean areWaiting() {
        return !waiting.isEmpty();
    }

    /** Whether any session may continue now. */
    boolean areDue() {
        return !next(1).isEmpty();
    }

    synchronized boolean contains(SessionName name) {
        return waiting.containsKey(name) || parked.containsKey(name);
    }

    synchronized boolean isParked(SessionName name) {
        return parked.containsKey(name);
    }

    synchronized List<Suspended> all() {
        List<Suspended> all = new ArrayList<>(waiting.values());
        all.addAll(parked.values());
        return all;
    }

    /** The size of all their logs, in bytes. */
    synchronized long length() {
        return length;
    }

    synchronized long pendingBytes() {
        return pendingBytes;
    }

    /** When the oldest of their logs was last written; null if there are none. */
    synchronized @Nullable Instant oldestAt() {
        return Stream.concat(waiting.values().stream(), parked.values().stream())
                .filter(session -> session.pendingBytes() > 0 && session.time() > 0)
                .map(Suspended::time)
                .min(Comparator.naturalOrder())
                .map(Instant::ofEpochMilli)
                .orElse(null);
    }
}
