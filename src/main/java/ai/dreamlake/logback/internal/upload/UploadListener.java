package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.session.SessionName;
import java.io.IOException;
import java.time.Duration;

/**
 * Is notified of what happens to records on their way to the server. Upload threads call it; it must neither block nor
 * throw. The texts it gets never contain a record's content or the token.
 */
public interface UploadListener {

    /**
     * The server has more records.
     *
     * @param records how many records this appender sent, including those of other processes
     */
    default void delivered(SessionName session, long records) {}

    /** The server did not accept something, or was not reached. The attempt will be repeated. */
    default void retried(SessionName session, String reason, Duration wait) {}

    /**
     * The session's files, or the disk, failed. The attempt will be repeated.
     *
     * @param isFirst whether the previous attempt did not fail in this way
     */
    default void hindered(SessionName session, IOException trouble, Duration wait, boolean isFirst) {}

    /** The server will never take these records. They were set aside. */
    default void rejected(SessionName session, long records, String reason) {}

    /** Records were deleted unsent, because the spool was full. */
    default void dropped(SessionName session, long records) {}

    /** Records of this appender are neither on the server nor on disk: somebody deleted them. */
    default void lost(SessionName session, long records) {}

    /**
     * A session is not sent for a long time. Its records are kept.
     *
     * @param remedy what to do, and when it is tried again
     */
    default void parked(SessionName session, String reason, String remedy) {}

    /**
     * Sessions are sent without a lock, since the file system does not support locks. Only one process may send them.
     */
    default void withoutLocks(IOException reason) {}

    /** Something else is wrong. */
    default void trouble(String text) {}
}
