package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.session.SessionName;
import java.io.IOException;

/** The uploads of an appender's sessions, implemented by the class that keeps the sessions. Thread-safe. */
public interface UploadTasks {

    /** The uploads known at this moment. */
    Iterable<UploadTask> all();

    /**
     * The upload of a session that an earlier run left on disk, or that is suspended. It is in memory from then on.
     *
     * @param name its name on disk
     * @throws IOException if its directory cannot be used
     */
    UploadTask leftover(SessionName name) throws IOException;

    /** Lets suspended sessions continue if there is room for them, and the server can be reached. */
    void resume();
}
