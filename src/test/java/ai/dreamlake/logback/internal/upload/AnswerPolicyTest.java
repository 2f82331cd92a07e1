package ai.dreamlake.logback.internal.upload;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a server's answer means for a batch. */
class AnswerPolicyTest {

    private static Result judge(int status, String body, boolean isCompressed, int records) {
        return AnswerPolicy.judge(new ServerResponse(status, body, Duration.ofSeconds(7), isCompressed), records);
    }

    @ParameterizedTest(name = "{0}, compressed: {1}, {2} records")
    @CsvSource(delimiter = '|', textBlock = """
            200 | false | 10 | Delivered[serverEnd=-1]
            201 | false | 1  | Delivered[serverEnd=-1]
            204 | false | 10 | Delivered[serverEnd=-1]
            301 | false | 10 | RetryAfter[reason=HTTP 301, atLeast=PT7S]
            400 | false | 10 | Shrink[isTooLarge=false]
            400 | false | 1  | Rejected[status=400, answer=body]
            401 | false | 10 | Parked[reason=HTTP 401, until=NEW_TOKEN]
            402 | false | 10 | Parked[reason=HTTP 402, until=LATER]
            403 | false | 10 | Parked[reason=HTTP 403, until=RESTART]
            404 | false | 10 | SessionGone[reason=HTTP 404, atLeast=PT7S]
            405 | false | 10 | Parked[reason=HTTP 405, until=LATER]
            407 | false | 1  | Parked[reason=HTTP 407, until=LATER]
            408 | false | 10 | RetryAfter[reason=HTTP 408, atLeast=PT7S]
            409 | false | 1  | Parked[reason=HTTP 409, until=LATER]
            410 | false | 1  | SessionGone[reason=HTTP 410, atLeast=PT7S]
            413 | false | 10 | Shrink[isTooLarge=true]
            413 | false | 1  | Rejected[status=413, answer=body]
            415 | true  | 10 | RetryAfter[reason=HTTP 415, atLeast=PT0S]
            415 | false | 10 | Parked[reason=HTTP 415, until=LATER]
            422 | false | 2  | Shrink[isTooLarge=false]
            422 | true  | 1  | Rejected[status=422, answer=body]
            425 | false | 1  | RetryAfter[reason=HTTP 425, atLeast=PT7S]
            429 | false | 10 | RetryAfter[reason=HTTP 429, atLeast=PT7S]
            431 | false | 1  | Parked[reason=HTTP 431, until=LATER]
            500 | false | 1  | RetryAfter[reason=HTTP 500, atLeast=PT7S]
            503 | false | 10 | RetryAfter[reason=HTTP 503, atLeast=PT7S]
            599 | true  | 10 | RetryAfter[reason=HTTP 599, atLeast=PT7S]
            """)
    void everyStatusHasOneMeaning(int status, boolean isCompressed, int records, String meaning) {
        assertThat(judge(status, "body", isCompressed, records)).hasToString(meaning);
    }

    @Test
    void aServerThatNumbersReportsTheLastNumberOfABatch() {
        assertThat(judge(200, "{\"created\": 2, \"endSequence\": 41}", false, 2))
                .isEqualTo(new Result.Delivered(41));
        assertThat(judge(200, "<html>", false, 2)).isEqualTo(new Result.Delivered(-1));
    }
}
