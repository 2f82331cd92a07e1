package ai.dreamlake.logback;

import java.time.Duration;

/**
 * Is told what happens to records on their way to the server, for example to feed a metrics library. Added in code with
 * {@link DreamlakeAppender#addListener}, or in XML:
 *
 * <pre>{@code
 * <listener class="com.example.LogMetrics"/>
 * }</pre>
 *
 * <p>Upload threads call it, for several sessions at the same time, so it must be thread-safe and fast. Exceptions that
 * it throws do no harm. Events that it logs do not become records.
 */
public interface DreamlakeListener {

    /** The server acknowledged {@code records} more records, which this or an earlier run wrote. */
    default void delivered(String workspace, String session, long records) {}

    /**
     * An attempt failed and will be repeated.
     *
     * @param reason such as "HTTP 503", or the exception that ended the connection or came from a file
     * @param wait the time until the next attempt
     */
    default void retried(String workspace, String session, String reason, Duration wait) {}

    /** The server refused {@code records} records for good; they are in {@code rejected.jsonl} next to the log. */
    default void rejected(String workspace, String session, long records, String reason) {}

    /** {@code records} records were deleted unsent, and are lost. */
    default void dropped(String workspace, String session, long records, String reason) {}

    /**
     * The server refuses the token, the session, or all that we send: the session is not sent for long. Its records are
     * kept. What is not for a person to decide is tried again after a minute, later after ten; this is called each
     * time.
     *
     * @param reason such as "HTTP 401"
     */
    default void parked(String workspace, String session, String reason) {}
}
