package ai.dreamlake.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PacedInputTest {

    /** The client has 30 s, plus one second for each 1,000 bytes. */
    @ParameterizedTest
    @CsvSource({"1, 30, true", "1, 31, false", "5000, 35, true", "5000, 36, false", "8000, 38, true", "8000, 39, false"
    })
    void aBodyMayComeAsSlowlyAsItsLengthAllows(int bytes, int seconds, boolean isFastEnough) throws IOException {
        AtomicLong now = new AtomicLong(7);
        try (InputStream in = new PacedInput(new ByteArrayInputStream(new byte[bytes]), 30, now::get)) {
            now.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
            if (isFastEnough) {
                assertThat(in.readNBytes(bytes)).hasSize(bytes);
                assertThat(in.read()).isEqualTo(-1);
            } else {
                assertThatThrownBy(() -> in.readNBytes(bytes)).hasCauseInstanceOf(TimeoutException.class);
            }
        }
    }
}
