package ai.dreamlake.logback.internal.upload;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a server does not have yet.
 *
 * @param bytes the size of its logs
 * @param oldestAt when the oldest record was logged; null if there is none, or if that is not known
 */
public record Backlog(long bytes, @Nullable Instant oldestAt) {

    /** The backlog if no server is configured. */
    public static final Backlog NONE = new Backlog(0, null);

    Backlog plus(long more, @Nullable Instant at) {
        boolean isOlder = at != null && (oldestAt == null || at.isBefore(oldestAt));
        return new Backlog(bytes + more, isOlder ? at : oldestAt);
    }
}
