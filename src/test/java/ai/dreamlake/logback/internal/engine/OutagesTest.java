package ai.dreamlake.logback.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.internal.engine.Outages.Report;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class OutagesTest {

    private final Outages outages = new Outages();
    private final List<String> said = new ArrayList<>();
    private long reportedLosses;

    /** A loss, at a time in seconds. */
    private void lose(long second) {
        outages.lost();
        if (!outages.isFailing()) {
            say(second, outages.failed(nanos(second), "EIO"));
        }
    }

    private void write(long second) {
        if (outages.isFailing()) {
            say(second, outages.works(nanos(second)));
        }
    }

    /** Looks for due reports, as the keeper does. */
    private void look(long second) {
        say(second, outages.due(nanos(second)));
    }

    private void end(long second) {
        say(second, outages.rest(nanos(second)));
    }

    private static long nanos(long second) {
        return Long.MAX_VALUE
                - TimeUnit.SECONDS.toNanos(30)
                + TimeUnit.SECONDS.toNanos(second); // nanoTime may overflow
    }

    private void say(long second, Report report) {
        if (report != null) {
            reportedLosses += report.lost();
            said.add(second + ": " + (report.isFailing() ? "fails" : "works") + ", failures " + report.failures()
                    + ", lost " + report.lost());
        }
    }

    @Test
    void aFailureAndItsEndAreReportedAtOnceAndLookingAddsNothing() {
        write(0);
        lose(1);
        lose(2);
        look(70);
        lose(200);
        write(300);
        look(400);
        end(500);
        assertThat(said).containsExactly("1: fails, failures 1, lost 0", "300: works, failures 0, lost 3");
    }

    @Test
    void repeatedFailuresAreReportedOnceAMinuteWithTheCountsOfWhatWasLeftOut() {
        lose(0);
        write(1);
        for (int i = 2; i < 60; i += 2) {
            lose(i);
            write(i + 1);
        }
        look(60);
        assertThat(said).hasSize(2);
        look(61);
        look(62);
        lose(63);
        write(64);
        lose(65);
        look(120);
        look(121);
        lose(122);
        write(130);
        look(181);
        assertThat(said)
                .containsExactly(
                        "0: fails, failures 1, lost 0",
                        "1: works, failures 0, lost 1",
                        "61: works, failures 29, lost 29",
                        "121: fails, failures 2, lost 2",
                        "181: works, failures 0, lost 1");
    }

    @Test
    void theNextRecordReportsWhatIsDueIfItComesBeforeTheKeeper() {
        lose(0);
        write(1);
        lose(2);
        write(3);
        lose(61);
        assertThat(said)
                .containsExactly(
                        "0: fails, failures 1, lost 0",
                        "1: works, failures 0, lost 1",
                        "61: fails, failures 2, lost 2");
    }

    @Test
    void afterAMinuteWithNothingToReportItStartsOver() {
        lose(0);
        write(1);
        lose(61);
        write(62);
        assertThat(said)
                .containsExactly(
                        "0: fails, failures 1, lost 0",
                        "1: works, failures 0, lost 1",
                        "61: fails, failures 1, lost 0",
                        "62: works, failures 0, lost 1");
    }

    @Test
    void theEndReportsTheLastStateAndWhatWasLeftOut() {
        lose(0);
        lose(1);
        end(2);
        end(3);
        assertThat(said).containsExactly("0: fails, failures 1, lost 0", "2: fails, failures 0, lost 2");
    }

    @Test
    void aDiskWithSporadicErrorsIsSeldomReportedAndNoLossIsMissingFromTheTotals() {
        int losses = 0;
        for (int second = 0; second < 3600; second++) {
            for (int i = 0; i < 1 + second % 3; i++) {
                lose(second);
                losses++;
            }
            write(second);
            look(second);
        }
        end(3600);
        assertThat(said).hasSizeBetween(60, 63);
        assertThat(reportedLosses).isEqualTo(losses);
    }
}
