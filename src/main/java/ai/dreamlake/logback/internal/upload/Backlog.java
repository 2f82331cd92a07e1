package ai.dreamlake.logback.internal.upload;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a server does not have yet.
 *
 * @param bytes of logs
 * @param oldestAt when the oldest record was logged, as far as is known; null if there is none
 */
public record Backlog(long bytes, @Nullable Instant oldestAt) {

    /** Where there is no server. */
    public static final Backlog NONE = new Backlog(0, null);

    Backlog plus(long more, @Nullable Instant at) {
        boolean isOlder = at != null && (oldestAt == null || at.isBefore(oldestAt));
        return new Backlog(bytes + more, isOlder ? at : oldestAt);
    }
}
