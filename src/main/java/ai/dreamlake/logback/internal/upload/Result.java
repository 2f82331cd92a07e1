package ai.dreamlake.logback.internal.upload;

import java.time.Duration;

/** The outcome of an attempt to send something. */
sealed interface Result {

    /**
     * The server has it.
     *
     * @param serverEnd the last number that the server assigned; -1 if it did not say
     */
    record Delivered(long serverEnd) implements Result {}

    /**
     * The server will never accept this, which is a single record.
     *
     * @param status the HTTP status; 0 if it was not sent
     * @param answer the answer's body, or why it was not sent
     */
    record Rejected(int status, String answer) implements Result {}

    /**
     * The server refuses this many records, or one of them: send fewer.
     *
     * @param isTooLarge whether that holds for any batch of this size; otherwise one of its records is to blame
     */
    record Shrink(boolean isTooLarge) implements Result {}

    /**
     * Send the same batch again.
     *
     * @param atLeast how long the server asked us to wait; zero if it did not
     */
    record RetryAfter(String reason, Duration atLeast) implements Result {}

    /**
     * The server does not know the session any more. Register it, and send the same batch again.
     *
     * @param atLeast how long the server asked us to wait; zero if it did not
     */
    record SessionGone(String reason, Duration atLeast) implements Result {}

    /** Send nothing for a long time, and keep all records. */
    record Parked(String reason, Until until) implements Result {}

    /** When a parked session is tried again. */
    enum Until {
        /** When the token changes; also at long intervals, since the same token may become valid. */
        NEW_TOKEN("Check the token. The same one is tried again every ten minutes, a new one at once."),
        /** At long intervals: somebody may have fixed the cause. */
        LATER("Check <remote>, and any proxy on the way to it. It is tried again every ten minutes."),
        /** At the appender's next start: a person must decide. */
        RESTART("Check whether the session is write-protected. It is tried again after the next start.");

        /** What to do, for people. */
        final String remedy;

        Until(String remedy) {
            this.remedy = remedy;
        }
    }
}
