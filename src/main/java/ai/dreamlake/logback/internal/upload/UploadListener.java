package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.session.SessionName;
import java.time.Duration;

/**
 * Is told what happens to records on their way to the server. Upload threads call it; it must neither block nor throw.
 * The texts it gets never contain a record's content or the token.
 */
public interface UploadListener {

    /**
     * The server has more records.
     *
     * @param records how many records we sent; 0 if another appender or process sent them
     * @param ours how many of this appender's records are no longer pending
     */
    default void delivered(SessionName session, long records, long ours) {}

    /** An attempt failed and will be repeated. */
    default void retried(SessionName session, String reason, Duration wait) {}

    /**
     * The server will never take these records. They were set aside.
     *
     * @param ours how many of them this appender wrote
     */
    default void rejected(SessionName session, long records, long ours, String reason) {}

    /** Records were deleted unsent, because the spool was full. */
    default void dropped(SessionName session, long records, long ours) {}

    /** Records of this appender are neither on the server nor on disk: somebody deleted them. */
    default void lost(SessionName session, long ours) {}

    /** A session is not uploaded until the next start. Its records are kept. */
    default void parked(SessionName session, String reason) {}

    /** Something else is wrong. */
    default void trouble(String text) {}
}
