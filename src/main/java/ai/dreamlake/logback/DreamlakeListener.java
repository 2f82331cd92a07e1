package ai.dreamlake.logback;

import java.time.Duration;

/**
 * Hears what happens to records on their way to the server, to feed a metrics library for instance. Set in code by
 * {@link DreamlakeAppender#addListener}, or in XML:
 *
 * <pre>{@code
 * <listener class="com.example.LogMetrics"/>
 * }</pre>
 *
 * <p>Its methods are called by upload threads, for several sessions at the same time, so it must be thread-safe, and quick.
 * What it throws does no harm. What it logs does not become a record.
 */
public interface DreamlakeListener {

    /** The server has so many records more, in this or an earlier run's part of the session's log. */
    default void delivered(String workspace, String session, long records) {}

    /**
     * An attempt failed, and will be repeated.
     *
     * @param reason such as "HTTP 503", or the exception that the connection ended with
     * @param wait the time until then
     */
    default void retried(String workspace, String session, String reason, Duration wait) {}

    /** The server refused so many records for good; they are in {@code rejected.jsonl} beside the log. */
    default void rejected(String workspace, String session, long records, String reason) {}

    /** Records were given up without being sent, and are gone. */
    default void dropped(String workspace, String session, long records, String reason) {}

    /** The server refuses the token, or the session: nothing of it is sent any more until the next start. All is kept. */
    default void parked(String workspace, String session, String reason) {}
}
