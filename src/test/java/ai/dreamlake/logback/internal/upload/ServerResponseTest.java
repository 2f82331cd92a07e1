package ai.dreamlake.logback.internal.upload;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an answer's header means. */
class ServerResponseTest {

    private static final Instant NOW = Instant.parse("2025-10-29T10:30:00Z");

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            0                                       | 0
            1                                       | 1
            120                                     | 120
            0120                                    | 120
            3600                                    | 3600
            3601                                    | 3600
            2147483648                              | 3600
            4000000000                              | 3600
            9223372036854775807                     | 3600
            99999999999999999999999                 | 3600
            -5                                      | 0
            -9223372036854775808                    | 0
            +5                                      | 0
            1.5                                     | 0
            1e3                                     | 0
            0x10                                    | 0
            ١٢٠                                     | 0
            12 0                                    | 0
            abc                                     | 0
            ''                                      | 0
            Wed, 29 Oct 2025 10:31:30 GMT           | 90
            Wed, 29 Oct 2025 10:29:00 GMT           | 0
            Wed, 29 Oct 2025 12:30:00 GMT           | 3600
            Fri, 31 Dec 9999 23:59:59 GMT           | 3600
            Fri, 31 Dec 99999 23:59:59 GMT          | 3600
            Mon, 29 Oct 2025 10:31:30 GMT           | 0
            Thu, 30 Feb 2025 10:31:30 GMT           | 0
            2025-10-29T10:31:30Z                    | 0
            """)
    void anyTextOfRetryAfterIsUsedOrIgnored(String header, long seconds) {
        assertThat(ServerResponse.retryAfter(header, NOW)).isEqualTo(Duration.ofSeconds(seconds));
        assertThat(ServerResponse.retryAfter("  " + header + " ", NOW)).isEqualTo(Duration.ofSeconds(seconds));
    }

    @Test
    void withoutRetryAfterNoWaitIsRequested() {
        assertThat(ServerResponse.retryAfter(null, NOW)).isZero();
    }
}
