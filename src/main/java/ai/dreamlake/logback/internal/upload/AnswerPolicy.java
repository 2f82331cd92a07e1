package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.io.LenientJson;
import ai.dreamlake.logback.internal.upload.Result.Delivered;
import ai.dreamlake.logback.internal.upload.Result.Parked;
import ai.dreamlake.logback.internal.upload.Result.Rejected;
import ai.dreamlake.logback.internal.upload.Result.RetryAfter;
import ai.dreamlake.logback.internal.upload.Result.SessionGone;
import ai.dreamlake.logback.internal.upload.Result.Shrink;
import ai.dreamlake.logback.internal.upload.Result.Until;
import java.time.Duration;
import tools.jackson.core.JacksonException;

/** Decides what an answer of the server means for what was sent. */
final class AnswerPolicy {

    private AnswerPolicy() {}

    /** @param records how many records were sent */
    static Result judge(ServerResponse answer, int records) {
        int status = answer.status();
        String reason = "HTTP " + status;
        if (answer.isSuccess()) {
            return new Delivered(endSequence(answer));
        }
        // The token is wrong or has expired. A new one may arrive, or the server may be fixed.
        if (status == 401) {
            return new Parked(reason, Until.NEW_TOKEN);
        }
        // The session is write-protected, or not this user's.
        if (status == 403) {
            return new Parked(reason, Until.RESTART);
        }
        // Somebody deleted the session, or the server lost it.
        if (status == 404 || status == 410) {
            return new SessionGone(reason, answer.retryAfter());
        }
        // The server is busy or in trouble, or something redirects us. Nothing is wrong with what was sent.
        if (answer.isRetryable() || status < 400) {
            return new RetryAfter(reason, answer.retryAfter());
        }
        // Only these three concern records. Sending fewer shows which record is to blame.
        boolean concernsRecords = status == 400 || status == 413 || status == 422;
        if (concernsRecords && records > 1) {
            return new Shrink(status == 413);
        }
        if (concernsRecords) {
            return new Rejected(status, answer.body());
        }
        // It does not accept compressed bodies. That is no reason to stop: the next one is sent uncompressed.
        if (answer.isRefusalOfCompression()) {
            return new RetryAfter(reason, Duration.ZERO);
        }
        // This is not a Dreamlake server, or something in between refuses everything that we send.
        return new Parked(reason, Until.LATER);
    }

    private static long endSequence(ServerResponse response) {
        try {
            return LenientJson.TREES
                    .readTree(response.body())
                    .path("endSequence")
                    .asLong(-1);
        } catch (JacksonException noJson) {
            return -1; // the records are stored; the number is optional
        }
    }
}
