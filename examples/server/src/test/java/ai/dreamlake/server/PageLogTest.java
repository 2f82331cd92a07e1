package ai.dreamlake.server;

import static ai.dreamlake.server.Browser.many;
import static ai.dreamlake.server.Browser.record;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;
import org.openqa.selenium.interactions.Actions;

/** The log of a run on the page: rows, filters, following, keys. */
@Timeout(180)
class PageLogTest {

    private static final int LONG = 200_000;

    @TempDir
    static Path directory;

    private static Browser browser;
    private String session;

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
        session = browser.smallRun("small");
    }

    private void open(String filter) {
        browser.open("run=" + session + filter);
    }

    private static final String[] ALL = {
        "0 info Training started",
        "1 debug Epoch done",
        "2 debug Epoch done",
        "3 warn Loss is slow",
        "4 error Could not read a file",
        "5 fatal Out of memory"
    };

    private static List<String> sorted(List<String> list) {
        return list.stream().sorted().toList();
    }

    @Test
    void aLogIsShownColouredByLevelWithTheNewestRecordLast() {
        open("");
        browser.awaitRows(ALL);
        assertThat(browser.text(".row.debug .message"))
                .as("metadata in the row")
                .isEqualTo("Epoch done epoch=1 train_loss=0.75");
        assertThat(browser.find(".row.error").getCssValue("background-color"))
                .isNotEqualTo(browser.find(".row.info").getCssValue("background-color"));
        assertThat(browser.text("#hits")).isEqualTo("6 records");
        assertThat(browser.texts(".level-chip")).containsExactly("debug 2", "info 1", "warn 1", "error 1", "fatal 1");
        assertThat(browser.faults()).isEmpty();
    }

    @Test
    void filtersAreInTheAddressAndTheAddressBringsThemBack() {
        open("");
        browser.awaitRows(ALL);
        browser.click("[data-level=error]");
        browser.awaitRows(ALL[4]);
        browser.click("[data-level=fatal]");
        browser.awaitRows(ALL[4], ALL[5]);
        browser.find("#search").sendKeys("MEM");
        browser.awaitRows(ALL[5]);
        assertThat(browser.texts("mark")).containsExactly("mem");
        assertThat(browser.text("#hits")).isEqualTo("1 of 6 records");
        assertThat(browser.address()).isEqualTo("run=" + session + "&level=error&level=fatal&text=MEM");

        open(
                "&level=debug&where=train_loss%3C0.6&text=epoch&from=2025-10-29T10:00:05.000Z&to=2025-10-29T10:00:25.000Z");
        browser.awaitRows(ALL[2]);
        assertThat(browser.find("#search").getDomProperty("value")).isEqualTo("epoch");
        assertThat(browser.find("[data-level=debug]").getDomAttribute("aria-pressed"))
                .isEqualTo("true");
        assertThat(browser.find("[data-level=info]").getDomAttribute("aria-pressed"))
                .isEqualTo("false");
        assertThat(browser.texts(".chip")).containsExactly("train_loss<0.6×");
        assertThat(browser.text("#time-filter summary")).isEqualTo("10-29 10:00:05 – 10-29 10:00:25");
        browser.click("#clear-filters");
        browser.awaitRows(ALL);
        assertThat(browser.address()).isEqualTo("run=" + session);
    }

    @Test
    void aConditionOnMetadataIsTypedAndRemovedAgain() {
        open("");
        browser.awaitRows(ALL);
        browser.find("#where-input").sendKeys("eval.loss >= 0.5" + Keys.ENTER);
        browser.awaitRows(ALL[3]);
        browser.find("#where-input").sendKeys("no condition" + Keys.ENTER);
        assertThat(browser.is("!document.getElementById('where-input').validity.valid"))
                .isTrue();
        assertThat(browser.texts(".chip")).containsExactly("eval.loss>=0.5×");
        browser.click(".chip button");
        browser.awaitRows(ALL);
    }

    @Test
    void aFilterWithoutMatchesSaysSoAndOldRowsAreGone() {
        open("");
        browser.awaitRows(ALL);
        browser.find("#search").sendKeys("no such words");
        browser.await("the word", () -> browser.isShown("#records .empty"));
        assertThat(browser.rows()).isEmpty();
        assertThat(browser.text("#records .empty")).startsWith("No records match the filters.");
        assertThat(browser.text("#hits")).isEqualTo("0 of 6 records");
        assertThat(browser.is("document.querySelectorAll('#histogram .bar-area').length === 0"))
                .isTrue();
        browser.click("#records .empty button");
        browser.awaitRows(ALL);
        assertThat(browser.isShown("#records .empty")).isFalse();
    }

    @Test
    void aTextThatIsInNoMessageCanBeSearchedForInMetadataWithOneClick() {
        open("&text=IOException");
        browser.await("the word", () -> browser.isShown(".only-messages"));
        assertThat(browser.text(".only-messages")).startsWith("Only messages are searched.");
        browser.click(".only-messages button");
        browser.awaitRows(ALL[4]);
        assertThat(browser.texts(".chip")).containsExactly("error_type=\"IOException\"×");
        assertThat(browser.find("#search").getDomProperty("value")).isEmpty();
    }

    @Test
    void backClosesARecordAndUndoesFilters() {
        open("");
        browser.awaitRows(ALL);
        browser.click("[data-level=error]");
        browser.awaitRows(ALL[4]);
        browser.find("#search").sendKeys("nothing");
        browser.await("none", () -> browser.isShown("#records .empty"));
        browser.driver.navigate().back();
        browser.awaitRows(ALL[4]);
        assertThat(browser.find("#search").getDomProperty("value")).isEmpty();
        browser.click("#row-0");
        browser.await("the record", () -> browser.text("#record h2").equals("error #4"));
        browser.driver.navigate().back();
        browser.await("no record", () -> !browser.isShown("#record"));
        browser.awaitRows(ALL[4]);
        browser.driver.navigate().back();
        browser.awaitRows(ALL);
        assertThat(browser.address()).isEqualTo("run=" + session);
    }

    @Test
    void aDirectionThatAMessageTurnsRoundEndsWithIt() {
        browser.append(session, record(60, "info", "\u202Eabc", "{\"x\": \"\u202Edef\", \"y\": 1}"));
        open("");
        browser.await("it", () -> browser.rows().size() == 7);
        List<String> places = new ArrayList<>(); // read in one script, because rows may be redrawn in between
        browser.await("its text and two fields", () -> {
            places.clear();
            places.addAll(browser.strings("const row = document.querySelector('#row-6');"
                    + "const text = row === null ? null : row.querySelector('.text');"
                    + "return text === null ? [] : [text.getBoundingClientRect().right,"
                    + " ...[...row.querySelectorAll('.field')].map(one => one.getBoundingClientRect().left)]"
                    + ".map(place => String(Math.round(place)))"));
            return places.size() == 3;
        });
        assertThat(Long.parseLong(places.get(1))).isGreaterThanOrEqualTo(Long.parseLong(places.get(0)));
        assertThat(Long.parseLong(places.get(2))).isGreaterThan(Long.parseLong(places.get(1)));
    }

    @Test
    void allCountsAgreeWhileRecordsArrive() {
        open("");
        browser.awaitRows(ALL);
        browser.driver.executeScript("""
                window.differences = 0;
                const number = of => Number(document.querySelector(of).textContent.match(/([\\d,]+) record/)[1]
                    .replace(',', ''));
                (function look() {
                  if (number('#hits') !== number('#about .facts')) differences++;
                  requestAnimationFrame(() => setTimeout(look));
                })();
                """);
        for (int i = 0; i < 5; i++) {
            int from = 100 * i;
            browser.append(session, many(100, j -> record(60 + from + j, "info", "more", "null")));
            browser.await("all of them", () -> browser.text("#hits").equals(106 + from + " records"));
            assertThat(browser.text("#about .facts")).contains(106 + from + " records");
            assertThat(browser.texts(".level-chip")).contains("info " + (101 + from));
        }
        assertThat(browser.number("return differences")).isLessThan(5);
    }

    @Test
    void theHistogramShowsTimesAndCountsUnderThePointer() {
        open("");
        browser.await("bars", () -> browser.is("document.querySelectorAll('#histogram .bar-area').length === 6"));
        assertThat(browser.texts("#histogram .tick")).containsExactly("10:00:12", "10:00:25", "10:00:37");
        new Actions(browser.driver)
                .moveToElement(
                        browser.find("#histogram svg"),
                        -browser.find("#histogram svg").getSize().width / 2 + 3,
                        0)
                .perform();
        browser.await("a word", () -> browser.isShown("#histogram .tip"));
        assertThat(browser.text("#histogram .tip")).isEqualTo("2025-10-29 10:00:00\ninfo 1");
    }

    @Test
    void onlyALiveRunIsFollowedAndCountsByLevelSayThatTheyAreOfTheWholeRun() {
        open("&from=2025-10-29T10:00:05.000Z");
        browser.awaitRows(ALL[1], ALL[2], ALL[3], ALL[4], ALL[5]);
        assertThat(browser.text("#counts-of")).isEqualTo("whole run:");
        browser.click("#clear-filters");
        browser.awaitRows(ALL);
        assertThat(browser.isShown("#counts-of")).isFalse();
        browser.await("no live run", () -> browser.text(".follow").equals("At the end"));
        assertThat(browser.find(".follow").isEnabled()).isFalse();
        browser.append(session, record(Instant.now(), "info", "now", "null"));
        browser.await("a live run", () -> browser.text(".follow").equals("● Following"));
        assertThat(browser.find(".follow").isEnabled()).isTrue();
    }

    @Test
    void typingDoesNotSendARequestForEachLetter() {
        open("");
        browser.awaitRows(ALL);
        browser.driver.executeAsyncScript("""
                const done = arguments[0];
                window.asked = 0;
                const ask = window.fetch;
                window.fetch = (path, options) => {
                  if (path.includes('/logs?')) asked++;
                  return ask(path, options);
                };
                const field = document.getElementById('search');
                (async () => {
                  for (const letter of 'out of memory') {
                    field.value += letter;
                    field.dispatchEvent(new Event('input'));
                    await new Promise(wake => setTimeout(wake, 20));
                  }
                  done();
                })();
                """);
        browser.awaitRows(ALL[5]);
        assertThat(browser.number("return asked"))
                .as("requests, for thirteen letters")
                .isLessThan(8);
    }

    @Test
    void newRecordsAppearAndTheEndStaysVisibleUntilTheUserScrollsUp() {
        open("");
        browser.awaitRows(ALL);
        browser.append(session, many(300, i -> record(60 + i, "info", "more " + i, "null")));
        browser.await("the last one", () -> browser.rows().contains("305 info more 299"));
        browser.driver.executeScript("document.querySelector('.window').scrollTop -= 600");
        browser.await("no following", () -> browser.text(".follow").equals("↓ Follow"));
        List<String> rows = browser.rows();
        browser.append(session, many(7, i -> record(400 + i, "info", "later " + i, "null")));
        browser.await("a word about them", () -> browser.text(".follow").equals("↓ 7 new"));
        assertThat(browser.rows()).isEqualTo(rows);
        browser.click(".follow");
        browser.await("the newest one", () -> browser.rows().contains("312 info later 6"));
        browser.append(session, record(500, "info", "the last", "null"));
        browser.await("what comes then", () -> browser.rows().contains("313 info the last"));
    }

    @Test
    void onlyMatchingNewRecordsAreShown() {
        open("&text=memory&level=info&level=fatal");
        browser.awaitRows(ALL[5]);
        browser.append(
                session,
                record(61, "debug", "of memory", "null"),
                record(62, "info", "of memory", "null"),
                record(63, "info", "of time", "null"));
        browser.awaitRows(ALL[5], "7 info of memory");
        browser.append(session, record(64, "fatal", "No MEMORY", "null"));
        browser.awaitRows(ALL[5], "7 info of memory", "9 fatal No MEMORY");
        browser.await("their number", () -> browser.text("#hits").equals("3 of 10 records"));
    }

    @Test
    void draggingOverTheHistogramNarrowsTheTimeAndAClickOnABarNarrowsItMore() {
        open("");
        browser.awaitRows(ALL);
        browser.await("bars", () -> browser.is("document.querySelectorAll('#histogram .bar-area').length === 6"));
        int width = browser.find("#histogram svg").getSize().width;
        new Actions(browser.driver)
                .moveToElement(browser.find("#histogram svg"), -width / 8, 0)
                .clickAndHold()
                .moveByOffset(width * 5 / 8 + 5, 0)
                .release()
                .perform();
        browser.awaitRows(ALL[2], ALL[3], ALL[4], ALL[5]);
        assertThat(browser.address()).contains("&from=2025-10-29T10%3A00%3A").contains("&to=2025-10-29T10%3A00%3A");
        browser.await("other bars", () -> browser.is("document.querySelectorAll('#histogram .bar-area').length === 4"));
        new Actions(browser.driver)
                .moveToElement(browser.find("#histogram svg"), width / 2 - 2, 0)
                .click()
                .perform();
        browser.awaitRows(ALL[5]);
        browser.click("#histogram .labels button");
        browser.awaitRows(ALL);
    }

    @Test
    void theKeyboardIsEnough() {
        open("");
        browser.awaitRows(ALL);
        browser.press("/", "e");
        browser.await("the search", () -> browser.is("document.activeElement.id === 'search'"));
        browser.await("its text in the address", () -> browser.address().endsWith("&text=e"));
        browser.press(Keys.BACK_SPACE);
        browser.awaitRows(ALL);
        browser.press(Keys.ESCAPE);
        browser.await("the log", () -> browser.is("document.activeElement.className === 'window'"));
        browser.press("g", "j", "j", Keys.ARROW_DOWN, "k", Keys.ENTER);
        browser.await("record 2", () -> browser.text("#record h2").equals("debug #2"));
        browser.press("j");
        browser.await("record 3", () -> browser.text("#record h2").equals("warn #3"));
        assertThat(browser.find(".window").getDomAttribute("aria-activedescendant"))
                .isEqualTo("row-3");
        assertThat(browser.address()).endsWith("&record=3");
        browser.press(Keys.ESCAPE);
        browser.await("no record", () -> !browser.isShown("#record"));
        assertThat(browser.address()).isEqualTo("run=" + session);
        browser.press("G", Keys.ENTER);
        browser.await("record 5", () -> browser.text("#record h2").equals("fatal #5"));
    }

    private String longRun() {
        String run = browser.server.session("vision", "long");
        Instant start = Instant.parse("2025-10-29T10:00:00Z");
        for (int from = 0; from < LONG; from += 20_000) {
            int first = from;
            browser.append(
                    run,
                    many(
                            20_000,
                            i -> record(
                                    start.plusMillis(first + i),
                                    (first + i) % 4 == 3 ? "warn" : "info",
                                    "m" + (first + i),
                                    "null")));
        }
        return run;
    }

    private static void scrollTo(String position) {
        browser.driver.executeScript("const log = document.querySelector('.window'); log.scrollTop = " + position
                + " * (log.scrollHeight - log.clientHeight)");
    }

    /** Checks that the visible rows are complete and consecutive; returns the first one. */
    private static long firstOf(int step) {
        browser.await(
                "all rows", () -> !browser.rows().isEmpty() && !browser.rows().contains("…"));
        List<String> rows = browser.rows();
        long first = Long.parseLong(rows.get(0).split(" ")[0]);
        for (int i = 0; i < rows.size(); i++) {
            long number = first + (long) i * step;
            assertThat(rows.get(i)).isEqualTo("%d %s m%d", number, number % 4 == 3 ? "warn" : "info", number);
        }
        return first;
    }

    /** The index of the row at the upper edge. */
    private static long rowAtTop() {
        return browser.number(
                "const log = document.querySelector('.window');"
                        + "return Math.ceil(log.scrollTop / parseFloat(getComputedStyle(log).getPropertyValue('--row-height')))");
    }

    @Test
    void twoHundredThousandRecordsAreScrolledThroughAndFewAreKept() {
        session = longRun();
        open("");
        browser.await("the end", () -> browser.rows().contains((LONG - 1) + " warn m" + (LONG - 1)));
        for (double position : new double[] {0.5, 0.001, 0.25, 0.75, 0.502}) {
            scrollTo(String.format(Locale.ROOT, "%f", position));
            browser.await("that place", () -> !browser.rows().contains("…") && firstOf(1) == rowAtTop());
            assertThat((double) firstOf(1) / LONG).isBetween(position - 0.001, position + 0.001);
        }
        scrollTo("0");
        browser.await("the beginning", () -> browser.rows().contains("0 info m0"));
        scrollTo("1");
        browser.await("the end again", () -> browser.rows().contains((LONG - 1) + " warn m" + (LONG - 1)));
        assertThat(browser.number("return document.querySelectorAll('.rows .row').length"))
                .isLessThan(100);

        open("&level=warn");
        browser.await("how many", () -> browser.text("#hits").equals("50,000 of 200,000 records"));
        browser.await("the end", () -> browser.rows().contains((LONG - 1) + " warn m" + (LONG - 1)));
        for (double position : new double[] {0.3, 0.9}) {
            scrollTo(String.format(Locale.ROOT, "%f", position));
            browser.await("that place", () -> !browser.rows().contains("…") && firstOf(4) == 4 * rowAtTop() + 3);
        }

        open("&record=123456");
        browser.await("the record", () -> browser.text("#record h2").equals("info #123,456"));
        browser.await("its row", () -> browser.rows().contains("123456 info m123456"));
        open("&level=warn&record=123459");
        browser.await("its row among others", () -> browser.rows().contains("123459 warn m123459"));
        browser.click("#around");
        browser.await(
                "what is around it",
                () -> browser.rows()
                        .containsAll(List.of("123458 info m123458", "123459 warn m123459", "123460 info m123460")));
        assertThat(browser.address()).isEqualTo("run=" + session + "&record=123459");
        assertThat(browser.faults()).isEmpty();
    }

    @Test
    void theFilteredRecordsAreExported() {
        open("&level=error&where=error_type%3DIOException");
        browser.awaitRows(ALL[4]);
        String href = browser.find("#export a").getDomAttribute("href");
        assertThat(browser.server.get(href).body())
                .contains("Could not read a file")
                .hasLineCount(1);
        assertThat(browser.texts("#export a")).containsExactly("JSONL", "CSV");
        assertThat(sorted(List.of(href.substring(href.indexOf('?') + 1).split("&"))))
                .containsExactly("format=jsonl", "level=error", "where=error_type%3DIOException");
    }
}
