package ai.dreamlake.logback.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LossSummaryTest {

    private static final Path ROOT = Path.of("/d");

    private static LossSummary summary(
            boolean hasServer, long accepted, long pending, long rejected, Map<DropReason, Long> dropped) {
        return summary(hasServer, accepted, pending, rejected, dropped, null);
    }

    private static LossSummary summary(
            boolean hasServer,
            long accepted,
            long pending,
            long rejected,
            Map<DropReason, Long> dropped,
            @Nullable String lastError) {
        return LossSummary.of(
                new Counts(accepted, 0, 0, pending, rejected, dropped, 0, 0, null, 0, lastError), hasServer, ROOT);
    }

    @Test
    void nothingIsReportedIfAllIsWell() {
        assertThat(summary(true, 1000, 0, 0, Map.of(DropReason.DISK, 0L))).isNull();
        assertThat(summary(false, 1000, 0, 0, Map.of())).isNull();
        assertThat(summary(false, 1000, 5, 0, Map.of())).as("events under way").isNull();
    }

    @Test
    void lostAndWaitingRecordsAreReportedInOneLine() {
        assertThat(summary(true, 1000, 17, 2, Map.of(DropReason.DISK, 3L, DropReason.ERROR, 1L)))
                .isEqualTo(new LossSummary(
                        "Records lost: 4 of 1000 (disk: 3, error: 1). Refused by the server, and kept in rejected.jsonl: 2."
                                + " Not delivered yet: 17 of 1000; they wait in /d for the next start.",
                        true));
        assertThat(summary(false, 10, 0, 0, Map.of(DropReason.LOCKED, 10L)))
                .isEqualTo(new LossSummary("Records lost: 10 of 10 (locked: 10).", true));
        assertThat(summary(true, 10, 0, 1, Map.of()))
                .isEqualTo(new LossSummary("Refused by the server, and kept in rejected.jsonl: 1.", true));
    }

    @Test
    void theLastErrorOfDeliveryExplainsWhyRecordsWait() {
        assertThat(summary(true, 10, 10, 0, Map.of(), "HTTP 401"))
                .isEqualTo(new LossSummary(
                        "Not delivered yet: 10 of 10; they wait in /d for the next start. Last error: HTTP 401",
                        false));
        assertThat(summary(true, 10, 0, 0, Map.of(), "HTTP 503")).as("overcome").isNull();
    }

    @Test
    void recordsThatOnlyWaitAreNotALoss() {
        assertThat(summary(true, 10, 10, 0, Map.of()))
                .isEqualTo(new LossSummary("Not delivered yet: 10 of 10; they wait in /d for the next start.", false));
    }
}
