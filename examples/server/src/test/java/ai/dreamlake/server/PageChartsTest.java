package ai.dreamlake.server;

import static ai.dreamlake.server.Browser.many;
import static ai.dreamlake.server.Browser.record;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.interactions.Actions;

/** The charts of a run on the page. */
@Timeout(180)
class PageChartsTest {

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

    private static final String LOSS = "[data-metric=train_loss]";
    private static final String ACCURACY = "[data-metric=accuracy]";

    /** A run whose loss falls from 2, with an accuracy at each tenth step. */
    private static String training(int count) {
        String session = browser.server.session("vision", "resnet-baseline");
        Instant start = Instant.parse("2025-10-29T10:00:00Z");
        browser.append(session, many(count, i -> step(start.plusSeconds(i), i)));
        return session;
    }

    private static String step(Instant time, int i) {
        double noise = i * 7919 % 100 / 900.0;
        String metrics =
                "\"step\": %d, \"epoch\": %d, \"train_loss\": %f".formatted(i, i / 10, 2 / (1 + i / 50.0) + noise);
        if (i % 97 == 96) {
            return record(time, "warn", "Gradients are large: clipped", "{\"norm\": %f}".formatted(10 + noise));
        }
        return i % 10 == 0
                ? record(
                        time,
                        "info",
                        "Epoch %d done".formatted(i / 10),
                        "{%s, \"accuracy\": %f}".formatted(metrics, 1 - 1 / (1 + i / 60.0)))
                : record(time, "debug", "Step done", "{%s, \"learning_rate\": 0.001}".formatted(metrics));
    }

    private static String label(String chart) {
        return String.valueOf(browser.find(chart + " .plot").getDomAttribute("aria-label"));
    }

    private static void awaitLabel(String chart, String label) {
        browser.await(chart + ": " + label, () -> label(chart).equals(label));
    }

    private static List<String> names() {
        return browser.texts(".chart:not([hidden]) h3");
    }

    /** How many pixels of a chart have roughly the colour of errors. */
    private static long redPixels(String chart) {
        return browser.number("""
                const canvas = document.querySelector(arguments[0] + ' canvas');
                const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
                let count = 0;
                for (let i = 0; i < data.length; i += 4) {
                  if (data[i + 3] > 99 && data[i] > data[i + 1] + 80 && data[i] > data[i + 2] + 80) count++;
                }
                return count;
                """, chart);
    }

    @Test
    void lossesAreDrawnFirstThroughTheWholeRun() {
        String session = training(3000);
        browser.append(
                session,
                record(
                        Instant.parse("2025-10-29T10:51:00Z"),
                        "error",
                        "Could not save the model",
                        "{\"exception\": {\"type\": \"java.io.IOException\"}, \"path\": \"/models/last.bin\"}"));
        browser.open("run=" + session);
        awaitLabel(LOSS, "2,970 values, from 0.033898 to 2, the last one 0.122798");
        assertThat(names()).containsExactly("train_loss", "accuracy", "norm");
        assertThat(redPixels(LOSS)).isZero();
        assertThat(browser.faults()).isEmpty();
    }

    @Test
    void theCurveGrowsWhileTheRunIsLive() {
        String session = training(50);
        browser.open("run=" + session);
        browser.await("the curve", () -> label(LOSS).startsWith("50 values"));
        browser.append(session, record(Instant.now(), "info", "Step done", "{\"train_loss\": 0.01, \"f1\": 0.5}"));
        awaitLabel(LOSS, "51 values, from 0.01 to 2, the last one 0.01");
        browser.await(
                "the new metric among the choices",
                () -> browser.texts("#charts .choices label").contains(" f1"));
    }

    @Test
    void metricsAxisScaleAndSmoothingAreChosenAndInTheAddress() {
        String session = training(90);
        browser.open("run=" + session);
        browser.await("the curve", () -> label(LOSS).startsWith("90 values"));
        browser.click("#charts .menu summary");
        browser.click("#charts .choices input[value=learning_rate]");
        browser.await("it", () -> names().contains("learning_rate"));
        browser.click("#charts .choices input[value=train_loss]");
        browser.await("two", () -> names().equals(List.of("accuracy", "learning_rate")));
        browser.press(org.openqa.selenium.Keys.ESCAPE);
        browser.click("#charts select option[value=epoch]");
        browser.click("#charts .bar > label input[type=checkbox]");
        browser.driver.executeScript("const slider = document.querySelector('#charts [type=range]');"
                + "slider.value = 0.5; slider.dispatchEvent(new Event('input'))");
        browser.await(
                "the address",
                () -> browser.address()
                        .equals("run=" + session + "&metric=accuracy&metric=learning_rate&x=epoch&log=1&smooth=0.5"));
        browser.open("run=" + session + "&metric=train_loss&x=epoch&log=1&smooth=0.5");
        browser.await(
                "what a link says",
                () -> names().equals(List.of("train_loss")) && label(LOSS).startsWith("90 values"));
        assertThat(browser.find("#charts select").getDomProperty("value")).isEqualTo("epoch");
        assertThat(browser.find("#charts output").getText()).isEqualTo("0.5");
        assertThat(browser.faults()).isEmpty();
    }

    @Test
    void valuesAreShownUnderThePointer() {
        String session = training(90);
        browser.open("run=" + session + "&metric=train_loss&metric=accuracy");
        browser.await(
                "the curves", () -> label(LOSS).startsWith("90 values") && browser.isShown(ACCURACY + " .u-over"));
        assertThat(browser.text(LOSS + " figcaption")).contains("last");
        new Actions(browser.driver)
                .moveToElement(browser.find(LOSS + " .u-over"))
                .perform();
        browser.await("a place", () -> browser.text(LOSS + " .at").matches("record 4[345]"));
        browser.await(
                "the same one in the other chart",
                () -> browser.text(ACCURACY + " .at").startsWith("record "));
    }

    @Test
    void draggingZoomsAndTheLogCanBeFilteredToTheVisiblePart() {
        String session = training(1000);
        browser.open("run=" + session);
        browser.await("the curve", () -> browser.isShown(LOSS + " .u-over"));
        int width = browser.find(LOSS + " .u-over").getSize().width;
        new Actions(browser.driver)
                .moveToElement(browser.find(LOSS + " .u-over"), -width / 4, 0)
                .clickAndHold()
                .moveByOffset(width / 8, 0)
                .moveByOffset(width / 8, 0)
                .release()
                .perform();
        browser.await("a zoom", () -> browser.address().matches(".*&zoom=2[0-9.]+%7E(49|50)[0-9.]+"));
        String zoomed = browser.address();
        new Actions(browser.driver).doubleClick(browser.find(LOSS + " .u-over")).perform();
        browser.await("all of it", () -> browser.address().equals("run=" + session));
        browser.open(zoomed);
        browser.click("#charts .narrow");
        browser.await("those records", () -> browser.text("#hits").matches("2\\d\\d of 1,000 records"));
        assertThat(browser.texts(".chip").get(0)).matches("records 2\\d\\d–(4|5)\\d\\d×");
        browser.driver.navigate().back();
        browser.await("all records", () -> browser.text("#hits").equals("1,000 records"));
    }

    @Test
    void theZoomedPartIsShownWithAllItsValues() {
        String session = training(6000);
        for (String zoom : List.of("&zoom=1000~1199", "&x=elapsed&zoom=1000~1199")) {
            browser.open("run=" + session + "&metric=step" + zoom);
            browser.await(
                    "each of them: 200, but for two warnings",
                    () -> label("[data-metric=step]").endsWith(", 198 points visible"));
        }
        browser.open("run=" + session + "&metric=step");
        browser.await("less detail", () -> label("[data-metric=step]").startsWith("5,939 values"));
        assertThat(browser.faults()).isEmpty();
    }

    /** How many pixels of a chart have roughly the colour of the first run. */
    private static long bluePixels(String chart) {
        return browser.number("""
                const canvas = document.querySelector(arguments[0] + ' canvas');
                const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
                let count = 0;
                for (let i = 0; i < data.length; i += 4) {
                  if (data[i + 3] > 99 && data[i + 2] > data[i] + 80) count++;
                }
                return count;
                """, chart);
    }

    @Test
    void aSingleValueIsADot() {
        String session = browser.server.session("vision", "short");
        browser.append(
                session,
                record(0, "info", "Epoch done", "{\"train_loss\": 0.5, \"accuracy\": 0.25}"),
                record(1, "info", "Epoch done", "{\"train_loss\": 0.4}"));
        for (String axis : List.of("", "&x=time")) {
            browser.open("run=" + session + axis);
            browser.await("its dot", () -> bluePixels(ACCURACY) > 10);
            assertThat(names()).containsExactly("train_loss", "accuracy");
        }
        browser.open("run=" + session + "&log=1&smooth=0.5");
        browser.await("its dot", () -> bluePixels(ACCURACY) > 10);
        assertThat(browser.faults()).isEmpty();
    }

    @Test
    void anAxisHasNumbersHoweverLargeTheyAre() {
        String session = browser.server.session("vision", "exploded");
        browser.append(
                session, many(300, i -> record(i, "info", "Epoch done", "{\"train_loss\": 1.5e%d}".formatted(i + 6))));
        for (String scale : List.of("", "&log=1")) {
            browser.open("run=" + session + scale);
            browser.await("numbers beside the curve", () -> browser.number("""
                    const canvas = document.querySelector('[data-metric=train_loss] canvas');
                    const {data} = canvas.getContext('2d').getImageData(0, 0, 45, canvas.height - 30);
                    return data.filter((value, i) => i % 4 === 3 && value > 99).length;
                    """) > 100);
        }
        assertThat(ticks("0, 1.5e305, false, 5")).isEqualTo("0,5e+304,1e+305,1.5e+305");
        assertThat(ticks("1, 1e300, true, 5")).isEqualTo("1,1e+61,1e+122,1e+183,1e+244");
        assertThat(ticks("-1.7e308, 1.7e308, false, 5")).isEqualTo("-1e+308,0,1e+308");
        assertThat(ticks("0.2, 0.9, false, 5")).isEqualTo("0.2,0.4,0.6,0.8");
        assertThat(ticks("1.5, 60, true, 5")).isEqualTo("2,5,10,20,50");
        assertThat(browser.faults()).isEmpty();
    }

    private static String ticks(String of) {
        return (String) browser.driver.executeAsyncScript("const done = arguments[0];"
                + "import('/page/lines.js').then(lines => done(lines.ticks(" + of + ").join()))");
    }

    @Test
    void valuesThatAreNotFiniteAreMarkedAndTheRestIsDrawn() {
        String session = browser.server.session("vision", "diverged");
        String[] losses = {"2", "1", "\"Infinity\"", "0.5", "\"NaN\"", "\"NaN\""};
        String form = "{\"learning_rate\": 0.1, \"train_loss\": %s}";
        browser.append(session, many(losses.length, i -> record(i, "info", "Epoch done", form.formatted(losses[i]))));
        browser.open("run=" + session);
        awaitLabel(LOSS, "6 values, from 0.5 to 2, the last one NaN");
        assertThat(names()).containsExactly("train_loss");
        assertThat(browser.text(LOSS + " .note")).isEqualTo("∞, NaN from record 2 on: marked in red.");
        assertThat(redPixels(LOSS)).isGreaterThan(100);
        browser.open("run=" + session + "&log=1&smooth=0.9");
        awaitLabel(LOSS, "6 values, from 0.5 to 2, the last one NaN");
        assertThat(redPixels(LOSS)).isGreaterThan(100);

        String hopeless = browser.server.session("vision", "hopeless");
        browser.append(hopeless, many(2, i -> record(i, "info", "Epoch done", form.formatted("\"NaN\""))));
        browser.open("run=" + hopeless + "&log=1");
        awaitLabel(LOSS, "2 values, none of them finite, the last one NaN");
        assertThat(redPixels(LOSS)).isGreaterThan(100);
        assertThat(browser.faults()).isEmpty();
    }

    @Test
    void aRunWithoutNumbersLeavesTheRoomToItsLog() {
        String session = browser.server.session("vision", "words");
        browser.append(session, record(0, "info", "words", "null"));
        browser.open("run=" + session);
        browser.awaitRows("0 info words");
        assertThat(browser.isShown("#charts")).isFalse();
        assertThat(browser.find("#log").getSize().width).isEqualTo(1280);
    }
}
