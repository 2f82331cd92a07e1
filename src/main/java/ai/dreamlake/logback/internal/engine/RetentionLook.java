package ai.dreamlake.logback.internal.engine;

import ai.dreamlake.logback.internal.config.LocalRetention;
import ai.dreamlake.logback.internal.session.SessionName;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.Predicate;

/**
 * Decides which sessions to delete: those that are too old, and then the oldest ones until the rest fits. One object
 * serves for one look through all sessions. Touches no file. Not thread-safe.
 */
final class RetentionLook {

    /** Bounds memory (I4). Sessions beyond this number have their turn at the next look. */
    static final int MAX_CANDIDATES = 10_000;

    /**
     * A session on disk.
     *
     * @param lastModified in milliseconds
     * @param bytes the size of its files
     * @param mayGo whether it is worthwhile to try to delete it
     */
    record Stored(SessionName name, long lastModified, long bytes, boolean mayGo) {}

    private final LocalRetention limits;
    private final long now;
    private final PriorityQueue<Stored> candidates =
            new PriorityQueue<>(Comparator.comparingLong(Stored::lastModified).reversed());
    private long total;

    /** @param now the time, in milliseconds */
    RetentionLook(LocalRetention limits, long now) {
        this.limits = limits;
        this.now = now;
    }

    /**
     * Adds a session. Every session must be added before any is deleted, since the limit applies to their total size.
     */
    void found(Stored session) {
        total += session.bytes;
        if (session.mayGo && age(session) >= LocalRetention.QUIET_MILLIS) {
            candidates.add(session);
        }
        if (candidates.size() > MAX_CANDIDATES) {
            candidates.remove(); // the youngest
        }
    }

    private long age(Stored session) {
        return now - session.lastModified;
    }

    /**
     * Deletes sessions, the oldest first.
     *
     * @param tryDelete false if the session stays; then the next one has its turn
     */
    void clean(Predicate<Stored> tryDelete) {
        List<Stored> oldestFirst = candidates.stream()
                .sorted(Comparator.comparingLong(Stored::lastModified))
                .toList();
        for (Stored session : oldestFirst) {
            if (age(session) <= limits.maxAgeMillis() && total <= limits.maxBytes()) {
                return; // the others are younger
            }
            if (tryDelete.test(session)) {
                total -= session.bytes;
            }
        }
    }
}
