package ai.dreamlake.server;

import static ai.dreamlake.server.Browser.many;
import static ai.dreamlake.server.Browser.record;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The table of runs on the page, the curves of selected runs, and signing in. */
@Timeout(180)
class PageRunsTest {

    @TempDir
    static Path directory;

    private static Browser browser;

    @BeforeAll
    static void start() {
        browser = new Browser(directory);
    }

    @AfterAll
    static void stop() {
        if (browser != null) {
            browser.close();
        }
    }

    @BeforeEach
    void signIn(TestInfo test) {
        browser.signInAs(test.getDisplayName());
    }

    private static List<String> names() {
        return browser.texts("#runs-table .run-name a");
    }

    private static List<String> states() {
        return browser.texts("#runs-table tbody .state");
    }

    /** A run whose loss falls. @param seconds from one record to the next */
    private static String training(String workspace, String name, Instant start, int count, double seconds) {
        String session = browser.server.session(workspace, name);
        browser.append(
                session,
                many(
                        count,
                        i -> record(
                                start.plusMillis((long) (i * seconds * 1000)),
                                "info",
                                "Step done",
                                "{\"step\": %d, \"train_loss\": %f}"
                                        .formatted(i * 10, 0.1 + 2.0 / (1 + i * seconds)))));
        return session;
    }

    private static void tagged(String workspace, String name, String description, String tag) {
        browser.server.post(
                "/workspaces/" + workspace + "/sessions",
                "{\"name\": \"%s\", \"description\": \"%s\", \"tags\": [\"%s\"]}".formatted(name, description, tag));
    }

    @Test
    void runsAreShownWithTheirStateCountsAndNewestMetrics() {
        Instant now = Instant.now();
        String ended = training("vision", "baseline", now.minusSeconds(9000), 3, 1);
        training("vision", "running", now.minusSeconds(20), 20, 1);
        String died = training("vision", "exploded", now.minusSeconds(7000), 3, 1);
        browser.append(died, record(now.minusSeconds(6000), "fatal", "Out of memory", "null"));
        String killed = training("nlp", "killed", now.minusSeconds(8000), 3, 1);
        browser.append(
                killed,
                record(now.minusSeconds(7900), "fatal", "ended without closing", "{\"dreamlake_crash\": {\"pid\": 7}}"),
                record(now.minusSeconds(7800), "info", "again", "null"),
                record(now.minusSeconds(7800), "info", "again", "null"),
                record(now.minusSeconds(7800), "info", "done", "null"));
        browser.append(ended, record(now.minusSeconds(8900), "error", "Could not read", "null"));
        tagged("vision", "baseline", "the first one", "cifar");
        browser.open("");
        browser.await("four runs", () -> names().equals(List.of("running", "exploded", "killed", "baseline")));
        browser.await("their states", () -> states().equals(List.of("live", "died", "died", "ended")));
        assertThat(browser.texts("#runs-table tbody tr:last-child td"))
                .containsExactly("", "baselinevision", "ended", "2 h ago", "4", "1", "0.766667", "cifar");
        assertThat(browser.text("#runs-count")).isEqualTo("4 runs");
        assertThat(browser.faults()).isEmpty();
    }

    @Test
    void runsAreSearchedAndSortedAndTheAddressSaysHow() {
        Instant start = Instant.parse("2025-10-29T10:00:00Z");
        training("vision", "b", start.plusSeconds(9), 30, 1);
        training("vision", "a", start.plusSeconds(5), 10, 1);
        training("nlp", "c", start.plusSeconds(100), 20, 1);
        tagged("vision", "a", "the first one", "cifar");
        browser.open("");
        browser.await("the newest first", () -> names().equals(List.of("c", "b", "a")));
        browser.click("[data-sort=name]");
        browser.await("by name", () -> names().equals(List.of("a", "b", "c")));
        browser.click("[data-sort=records]");
        browser.await("by records", () -> names().equals(List.of("b", "c", "a")));
        browser.click("[data-sort=records]");
        browser.await("the other way", () -> names().equals(List.of("a", "c", "b")));
        assertThat(browser.find("th[aria-sort=ascending]").getText()).isEqualTo("Records ↑");
        browser.click("[data-sort='metric train_loss']");
        browser.await("by loss", () -> names().equals(List.of("b", "c", "a")));
        browser.press("/", "CIFAR first");
        browser.await("the one", () -> names().equals(List.of("a")));
        assertThat(browser.text("#runs-count")).isEqualTo("1 of 3 runs");
        assertThat(browser.address()).isEqualTo("sort=metric+train_loss&find=CIFAR+first");
        browser.open("sort=!name&find=vision");
        browser.await("what a link says", () -> names().equals(List.of("b", "a")));
        browser.open("find=nothing");
        browser.await("a word", () -> browser.isShown("#runs-empty"));
        assertThat(browser.text("#runs-empty")).isEqualTo("No runs match the search.");
        browser.open("");
        browser.await("all", () -> names().size() == 3);
        browser.click("#runs-table tbody tr:nth-child(2) .column-records");
        browser.await("the run", () -> browser.text("#where h1").equals("b"));
        browser.driver.navigate().back();
        browser.await("the runs", () -> names().size() == 3 && browser.isShown("#runs"));
    }

    @Test
    void curvesOfSelectedRunsLieOverEachOtherAlongRecordsStepsOrTheirTime() {
        Instant now = Instant.now();
        training("vision", "python-baseline", now.minusSeconds(90_000), 400, 2);
        training("vision", "java-warm-up", now.minusSeconds(5000), 600, 3);
        training("vision", "java-large-batch", now.minusSeconds(240), 300, 0.75);
        browser.smallRun("small");
        browser.open("");
        browser.await("the runs", () -> names().size() == 4);
        browser.click("[aria-label='Draw python-baseline']");
        browser.click("[aria-label='Draw java-warm-up']");
        browser.await(
                "two curves",
                () -> browser.texts("[data-metric=train_loss] .label")
                        .equals(List.of("python-baseline", "java-warm-up")));
        String plot = "[data-metric=train_loss] .plot";
        assertThat(browser.find(plot).getDomAttribute("aria-label"))
                .isEqualTo("python-baseline: 400 values, from 0.102503 to 2.1, the last one 0.102503; "
                        + "java-warm-up: 600 values, from 0.101112 to 2.1, the last one 0.101112");
        assertThat(browser.address()).matches("chosen=[0-9a-f]+&chosen=[0-9a-f]+");
        browser.click("#compare select option[value=elapsed]");
        browser.await("the address", () -> browser.address().endsWith("&x=elapsed"));
        browser.await("the axis", () -> browser.text("[data-metric=train_loss]").contains("java-warm-up"));
        String both = browser.address();
        browser.open("");
        browser.await("none", () -> names().size() == 4 && !browser.isShown("#compare"));
        browser.open(both);
        browser.await(
                "both again",
                () -> browser.texts("[data-metric=train_loss] .label").size() == 2);
        assertThat(browser.find("#compare select").getDomProperty("value")).isEqualTo("elapsed");
        browser.click("[aria-label='Draw java-large-batch']");
        browser.await(
                "three", () -> browser.texts("[data-metric=train_loss] .label").size() == 3);
        browser.click("#compare-none");
        browser.await("none", () -> !browser.isShown("#compare"));
        assertThat(browser.address()).isEqualTo("x=elapsed");
        assertThat(browser.faults()).isEmpty();
    }

    @Test
    void aUserWhoIsNotSignedInSeesNothingAndReachesTheLinkAfterSigningIn() {
        String session = browser.smallRun("small");
        browser.driver.manage().deleteAllCookies();
        browser.open("run=" + session + "&level=warn");
        browser.await("the form", () -> browser.isShown("#sign-in"));
        assertThat(browser.isShown("#runs") || browser.isShown("#run")).isFalse();
        browser.find("#credential").sendKeys("not.a.token\n");
        browser.await("a word", () -> browser.text("#sign-in-error").contains("invalid"));
        browser.find("#credential").clear();
        browser.find("#credential").sendKeys(browser.server.token + "\n");
        browser.awaitRows("3 warn Loss is slow");
        assertThat(browser.text("#user")).startsWith("aUserWhoIsNotSignedIn");
        browser.click("#sign-out");
        browser.await("the form again", () -> browser.isShown("#sign-in"));
        assertThat(browser.driver.manage().getCookies()).isEmpty();
        browser.find("#credential").sendKeys("bob\n");
        browser.await("no such run", () -> browser.text("#status").equals("no session has this id"));
        assertThat(browser.rows()).isEmpty();
        browser.click("#home");
        browser.await("nothing there", () -> browser.isShown("#runs-empty"));
        assertThat(browser.text("#runs-empty")).startsWith("No runs yet.");
    }

    @Test
    void thePageIsDarkIfTheSystemIsOrIfTheUserChoosesIt() {
        browser.prefer("dark");
        browser.open("");
        String background = "return getComputedStyle(document.body).backgroundColor";
        String dark = (String) browser.driver.executeScript(background);
        browser.prefer("light");
        String light = (String) browser.driver.executeScript(background);
        assertThat(dark).isNotEqualTo(light).isEqualTo("rgb(20, 24, 29)");
        browser.click("#theme");
        browser.click("#theme");
        assertThat(browser.find("#theme").getAccessibleName()).isEqualTo("Colours: dark");
        browser.open("");
        browser.await("dark again", () -> dark.equals(browser.driver.executeScript(background)));
    }

    /** On a phone, nothing is wider than the screen, and each of the three parts has the full width. */
    @Test
    void aPhoneIsWideEnough() {
        String session = browser.smallRun("a-run-with-a-rather-long-name-that-has-to-be-cut");
        browser.append(session, record(60, "info", "long ".repeat(500), "null"));
        String isTooWide = "document.documentElement.scrollWidth > innerWidth";
        for (int width : new int[] {360, 420}) {
            browser.resize(width, 800);
            browser.open("");
            browser.await("the run", () -> names().size() == 1);
            assertThat(browser.is(isTooWide)).isFalse();
            browser.open("run=" + session);
            browser.await("the log", () -> browser.rows().size() == 7);
            assertThat(browser.is(isTooWide)).isFalse();
            assertThat(
                            browser.number(
                                    "return Math.min(...[...document.querySelectorAll('.rows .message')].map(one => one.clientWidth))"))
                    .as("width of messages")
                    .isGreaterThan(300);
            assertThat(browser.isShown("#charts") || browser.isShown("#about")).isFalse();
            browser.click("[data-tab=charts]");
            browser.await(
                    "the charts", () -> browser.isShown("[data-metric=train_loss] canvas") && !browser.isShown("#log"));
            assertThat(browser.is(isTooWide)).isFalse();
            browser.click("[data-tab=about]");
            browser.await("the rest", () -> browser.isShown("#about") && !browser.isShown("#charts"));
            browser.click("[data-tab=log]");
            browser.click(".row.error");
            browser.await("a record", () -> browser.text("#record h2").equals("error #4"));
            assertThat((long) browser.find("#record").getSize().width).isEqualTo(width);
            browser.click("#record .close");
            browser.await("the log again", () -> !browser.isShown("#record") && browser.isShown("#log"));
        }
    }

    @Test
    void aRunThatBecomesLiveAgainIsShownAsLive() {
        String session = training("vision", "slow", Instant.now().minus(Duration.ofHours(3)), 3, 1);
        browser.open("");
        browser.await("it ended", () -> states().equals(List.of("ended")));
        browser.append(session, record(Instant.now(), "info", "back", "null"));
        browser.await("it is live", () -> states().equals(List.of("live")));
    }
}
