package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.session.SessionName;
import java.io.IOException;

/** The sessions of an appender, as far as they are uploaded. Whoever keeps the sessions implements it. Thread-safe. */
public interface UploadTasks {

    /** Those that are known at this moment. */
    Iterable<UploadTask> all();

    /**
     * The upload of a session that an earlier run left on disk.
     *
     * @param name its name on disk
     * @throws IOException if its directory cannot be used
     */
    UploadTask leftover(SessionName name) throws IOException;
}
