package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.session.SessionName;
import java.time.Duration;

/**
 * What happens to records on their way to the server. Called by upload threads; it must neither block nor throw. No text
 * has a record's content or the token in it.
 */
public interface UploadListener {

    /**
     * @param records how many records we sent that the server has now; 0 if another appender or process sent them
     * @param ours how many of those that are done with this appender wrote
     */
    default void delivered(SessionName session, long records, long ours) {}

    /** An attempt failed, and will be repeated. */
    default void retried(SessionName session, String reason, Duration wait) {}

    /**
     * The server will never take these records. They were set aside.
     *
     * @param ours how many of them this appender wrote
     */
    default void rejected(SessionName session, long records, long ours, String reason) {}

    /** Records were deleted unsent, because the spool was full. */
    default void dropped(SessionName session, long records, long ours) {}

    /** Records of this appender's are neither with the server nor on disk: somebody deleted them. */
    default void lost(SessionName session, long ours) {}

    /** A session is not uploaded any more until the next start. Its records are kept. */
    default void parked(SessionName session, String reason) {}

    /** Something else is wrong. */
    default void trouble(String text) {}
}
