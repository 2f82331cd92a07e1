package ai.dreamlake.logback.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.internal.session.SessionName;
import ch.qos.logback.core.ContextBase;
import ch.qos.logback.core.spi.ContextAwareBase;
import ch.qos.logback.core.status.NopStatusListener;
import ch.qos.logback.core.status.Status;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class StatusReporterTest {

    private static final IOException FULL = new IOException("No space left on device");

    private final ContextBase context = new ContextBase();
    private final List<String> standardError = new ArrayList<>();
    private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 1000);
    private final StatusReporter reporter = reporter();

    private StatusReporter reporter() {
        ContextAwareBase status = new ContextAwareBase();
        status.setContext(context);
        return new StatusReporter(status, "D", "<localPath>", standardError::add, clock::get);
    }

    private static SessionName session(int number) {
        return new SessionName("p", "s" + number);
    }

    private List<String> statuses(int level) {
        return context.getStatusManager().getCopyOfStatusList().stream()
                .filter(status -> status.getLevel() == level)
                .map(Status::getMessage)
                .toList();
    }

    private void pass(long seconds) {
        clock.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
        reporter.reportDue();
    }

    private long lossesReported() {
        long losses = 0;
        Pattern number = Pattern.compile("Records dropped[^:]*: (\\d+)");
        for (Status status : context.getStatusManager().getCopyOfStatusList()) {
            for (Matcher found = number.matcher(status.getMessage()); found.find(); ) {
                losses += Long.parseLong(found.group(1));
            }
        }
        return losses;
    }

    @Test
    void tenThousandSessionsOnAFullDiskAreReportedAsTenNamesAndOneSum() {
        List<Outages> all = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            all.add(new Outages());
            reporter.lost(session(i), all.get(i), FULL);
            reporter.lost(session(i), all.get(i), FULL);
        }
        assertThat(statuses(Status.WARN)).hasSize(10).allMatch(text -> text.contains("free some space"));
        pass(59);
        assertThat(statuses(Status.WARN)).hasSize(10);
        pass(1);
        assertThat(statuses(Status.WARN))
                .hasSize(11)
                .last()
                .isEqualTo("Of sessions that are not named here, 9990 began to drop records, and 0 work again."
                        + " Records dropped in such sessions: 0");
        for (int i = 0; i < 10_000; i++) {
            reporter.works(session(i), all.get(i));
        }
        pass(60);
        assertThat(statuses(Status.WARN)).hasSize(11);
        assertThat(statuses(Status.INFO))
                .hasSize(11)
                .contains("Session p/s3 works again. Records dropped: 2")
                .last()
                .isEqualTo("Of sessions that are not named here, 0 began to drop records, and 9990 work again."
                        + " Records dropped in such sessions: 19980");
        assertThat(lossesReported()).isEqualTo(20_000);
    }

    @Test
    void sessionsThatFailOneAfterAnotherForAnHourAreReportedAsTwoNamesAndOneSumAMinute() {
        int losses = 0;
        for (int second = 0; second < 3600; second++) {
            for (int i = 0; i < 3; i++) {
                Outages outages = new Outages();
                reporter.lost(session(losses++), outages, FULL);
                reporter.forgotten(outages);
            }
            pass(1);
        }
        reporter.reportRest();
        assertThat(statuses(Status.WARN).size() + statuses(Status.INFO).size()).isBetween(100, 200);
        assertThat(lossesReported()).isEqualTo(losses);
    }

    @Test
    void oneSessionOnADiskWithSporadicErrorsIsNamedOnceAMinute() {
        Outages outages = new Outages();
        for (int i = 0; i < 174; i++) {
            reporter.lost(session(1), outages, new IOException("Input/output error"));
            reporter.works(session(1), outages);
            pass(1);
            reporter.due(session(1), outages);
        }
        reporter.rest(session(1), outages);
        reporter.reportRest();
        List<String> infos = statuses(Status.INFO);
        assertThat(statuses(Status.WARN)).hasSize(1).first().asString().contains("check the disk");
        assertThat(infos).hasSize(4).first().isEqualTo("Session p/s1 works again. Records dropped: 1");
        assertThat(infos.get(1))
                .isEqualTo("Session p/s1 works again. It failed 59 times since the last report. Records dropped: 59");
        assertThat(lossesReported()).isEqualTo(174);
    }

    @Test
    void aServerThatComesAndGoesIsReportedOnceAMinute() {
        for (int i = 0; i < 150; i++) {
            reporter.serverFails("HTTP 503");
            reporter.serverFails("HTTP 503");
            reporter.serverWorks();
            pass(1);
        }
        assertThat(statuses(Status.WARN))
                .containsExactly(
                        "Records do not reach the server (HTTP 503). They are kept on disk and sent as soon as it answers.");
        assertThat(statuses(Status.INFO))
                .containsExactly(
                        "Records reach the server again.",
                        "Records reach the server again. That failed 59 times since the last report.",
                        "Records reach the server again. That failed 60 times since the last report.");
    }

    @Test
    void otherWarningsAreLimitedAndThoseLeftOutAreCountedLater() {
        for (int i = 0; i < 30; i++) {
            reporter.warn("w" + i);
        }
        assertThat(statuses(Status.WARN)).hasSize(10).last().isEqualTo("w9");
        pass(59);
        assertThat(statuses(Status.WARN)).hasSize(10);
        pass(1);
        assertThat(statuses(Status.WARN)).hasSize(11).last().isEqualTo("20 more warnings were left out.");
    }

    @Test
    void theFirstLossGoesToStandardErrorOnceIfNobodyListens() {
        for (int i = 0; i < 100; i++) {
            reporter.warn("a flood");
        }
        assertThat(standardError).isEmpty();
        reporter.lost(session(1), new Outages(), new IOException("/d/s1: Permission denied\nnext line"));
        reporter.lost(session(2), new Outages(), FULL);
        reporter.warnOfLoss("lost on the way");
        assertThat(standardError)
                .containsExactly(
                        "Dreamlake appender [D]: session p/s1: records are dropped, and counted, until they can be written"
                                + " again. IOException: /d/s1: Permission denied next line: make the directory writable for"
                                + " this process, or set <localPath> to one that is.");
    }

    @Test
    void aFailureThatIsNotTheDisksIsReportedWithItsStackTraceButWithoutItsMessage() {
        reporter.lost(session(1), new Outages(), new IllegalStateException("secret"));
        reporter.lost(session(2), new Outages(), FULL);
        List<Status> told = context.getStatusManager().getCopyOfStatusList();
        assertThat(told.get(0).getThrowable())
                .hasMessage("java.lang.IllegalStateException")
                .hasStackTraceContaining(getClass().getSimpleName())
                .hasNoCause();
        assertThat(told.get(1).getThrowable()).isNull();
        assertThat(told.toString() + standardError).doesNotContain("secret");
    }

    @Test
    void nothingGoesToStandardErrorIfSomebodyListensOrChoseNotTo() {
        context.getStatusManager().add(new NopStatusListener());
        reporter.lost(session(1), new Outages(), FULL);
        reporter.summary(new LossSummary("summary", true));
        assertThat(standardError).isEmpty();
        assertThat(statuses(Status.WARN)).hasSize(2);
    }

    @Test
    void withoutAContextNobodyListens() {
        StatusReporter alone =
                new StatusReporter(new ContextAwareBase(), "D", "<localPath>", standardError::add, clock::get);
        alone.lost(session(1), new Outages(), FULL);
        assertThat(standardError).hasSize(1);
    }

    @Test
    void aFirstLossThatCouldNotBeReportedForLackOfStackIsReportedByTheNext() {
        ContextAwareBase status = new ContextAwareBase();
        status.setContext(context);
        StatusReporter withLittleStack = new StatusReporter(
                status,
                "D",
                "<localPath>",
                line -> {
                    standardError.add(line);
                    if (standardError.size() == 1) {
                        throw new StackOverflowError();
                    }
                },
                clock::get);
        for (int i = 0; i < 5; i++) {
            withLittleStack.warnOfLoss("lost " + i);
        }
        assertThat(standardError).containsExactly("Dreamlake appender [D]: lost 0", "Dreamlake appender [D]: lost 1");
    }

    @Test
    void theSummaryIsReportedOnceEvenIfBothStopAndExitReachIt() {
        reporter.summary(null);
        reporter.summary(new LossSummary("first", false));
        reporter.summary(new LossSummary("second", true));
        assertThat(standardError).containsExactly("Dreamlake appender [D]: first");
        assertThat(statuses(Status.INFO)).containsExactly("first");
        assertThat(statuses(Status.WARN)).isEmpty();
    }
}
