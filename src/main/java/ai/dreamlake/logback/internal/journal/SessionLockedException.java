package ai.dreamlake.logback.internal.journal;

import java.io.IOException;
import java.nio.file.Path;

/** Another process holds a session's lock and does not release it. */
public final class SessionLockedException extends IOException {
    private static final long serialVersionUID = 1;

    SessionLockedException(Path directory) {
        super("another process holds the lock of " + directory + " and does not release it");
    }
}
