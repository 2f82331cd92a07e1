package ai.dreamlake.logback;

import java.time.Duration;

/**
 * Is notified of what happens to records on their way to the server, for example to feed a metrics library. Added in
 * code with {@link DreamlakeAppender#addListener}, or in XML, where its class needs a public constructor without
 * parameters:
 *
 * <pre>{@code
 * <listener class="com.example.LogMetrics"/>
 * }</pre>
 *
 * <p>Upload threads call it, for several sessions at the same time, so it must be thread-safe and fast. Exceptions that
 * it throws do no harm. Events that it logs do not become records.
 *
 * @since 0.1.0
 */
public interface DreamlakeListener {

    /**
     * The server acknowledged records, which this or an earlier run wrote.
     *
     * @param workspace the session's workspace
     * @param session the session's name
     * @param records how many records the server acknowledged with this call
     */
    default void delivered(String workspace, String session, long records) {}

    /**
     * An attempt failed and will be repeated.
     *
     * @param workspace the session's workspace
     * @param session the session's name
     * @param reason such as "HTTP 503", or the exception that ended the connection or came from a file
     * @param wait the time until the next attempt
     */
    default void retried(String workspace, String session, String reason, Duration wait) {}

    /**
     * The server refused records for good. They are in {@code rejected.jsonl} next to the log.
     *
     * @param workspace the session's workspace
     * @param session the session's name
     * @param records how many records the server refused
     * @param reason such as "HTTP 422"
     */
    default void rejected(String workspace, String session, long records, String reason) {}

    /**
     * Records were deleted unsent, and are lost.
     *
     * @param workspace the session's workspace
     * @param session the session's name
     * @param records how many records were deleted
     * @param reason why, as a text for people
     */
    default void dropped(String workspace, String session, long records, String reason) {}

    /**
     * The server refuses the token, the session, or everything that is sent, so the session's upload pauses for a long
     * time. Its records are kept.
     *
     * <p>The upload is tried again after a minute, later every ten minutes, and this is called after each failed
     * attempt. If only a person can solve the problem, as with a write-protected session, it is tried again after the
     * appender's next start.
     *
     * @param workspace the session's workspace
     * @param session the session's name
     * @param reason such as "HTTP 401"
     */
    default void parked(String workspace, String session, String reason) {}
}
