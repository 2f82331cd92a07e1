package ai.dreamlake.server;

import static ai.dreamlake.server.Browser.record;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;

/** An opened record, a run's details, and that none of their texts is interpreted as HTML. */
@Timeout(180)
class PageRecordTest {

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

    @Test
    void aRecordIsOpenedWithItsMetadataAsATableAndItsStackTraceAsLines() {
        String session = browser.smallRun("small");
        browser.append(session, record(60, "error", "Could not load " + "x".repeat(2000), """
                        {"epoch": 7, "big": 12345678901234567890, "exception": {"type": "java.io.IOException",
                        "stack_trace": "java.io.IOException: no\\n\\tat com.example.Loader.next(Loader.java:8)\\n"},
                        "shape": [3, 224], "done": false, "none": null}
                        """));
        browser.open("run=" + session);
        browser.await("seven rows", () -> browser.rows().size() == 7);
        assertThat(browser.number("return document.querySelector('#row-6').offsetHeight"))
                .as("a long message is one line")
                .isEqualTo(24);
        browser.click("#row-6");
        browser.await("the record", () -> browser.text("#record h2").equals("error #6"));
        assertThat(browser.text("#record .whole-message")).isEqualTo("Could not load " + "x".repeat(2000));
        assertThat(browser.texts("#record .block"))
                .containsExactly("java.io.IOException: no\n\tat com.example.Loader.next(Loader.java:8)\n");
        assertThat(browser.texts("#record .metadata tr"))
                .containsExactly(
                        "epoch7+",
                        "big12345678901234567890+",
                        "exception.typejava.io.IOException+",
                        "shape[3,224]",
                        "donefalse+",
                        "nonenull");
        assertThat(browser.find("#record").getText()).contains("2025-10-29 10:01:00.123456 UTC");
        browser.click("[aria-label='Only records with exception.type=java.io.IOException']");
        browser.await("only it", () -> browser.rows().size() == 1);
        assertThat(browser.texts(".chip")).containsExactly("exception.type=\"java.io.IOException\"×");
        browser.click("#around");
        browser.await("all", () -> browser.rows().size() == 7);
        browser.click("#record .close");
        browser.await("closed", () -> !browser.isShown("#record"));
        assertThat(browser.faults()).isEmpty();
    }

    @Test
    void onAPhoneErrorsMetricsTimesAndStackTracesAreWithinReach() {
        String session = browser.smallRun("small");
        browser.append(
                session,
                record(
                        60,
                        "error",
                        "bad",
                        "{\"stack_trace\": \"java.io.IOException: %s\\n\\tat a.b\\n\"}".formatted("x ".repeat(200))));
        browser.resize(380, 750);
        browser.open("");
        browser.await("the run", () -> browser.isShown(".run-name"));
        assertThat(browser.strings("return [getComputedStyle(document.querySelector('.run-name'), '::after').content"
                        + ", String(document.querySelector('.run-name').getBoundingClientRect().right < 380)]"))
                .as("the text below the name")
                .containsExactly("\"3 errors\"", "true");
        assertThat(browser.number("const list = document.getElementById('runs-list'); list.scrollLeft = 9999;"
                        + "const cell = document.querySelector('td.column-metric').getBoundingClientRect();"
                        + "return list.scrollLeft > 0 && cell.left > 0 && cell.left < 380 ? 1 : 0"))
                .as("metrics are scrolled to")
                .isEqualTo(1);
        assertThat(browser.find("#find-runs").getSize().width).isGreaterThan(130);
        browser.open("run=" + session + "&record=6");
        browser.await("the record", () -> browser.isShown("#record .block"));
        assertThat(browser.is("(block => block.scrollWidth <= block.clientWidth)(document.querySelector('.block'))"))
                .isTrue();
        browser.click("#record .close");
        browser.click("#time-filter summary");
        assertThat(browser.strings("const {left, right, bottom} ="
                        + "document.querySelector('#time-filter .menu-panel').getBoundingClientRect();"
                        + "return [left >= 0, right <= 380, bottom <= 750].map(String)"))
                .containsExactly("true", "true", "true");
    }

    @Test
    void aLinkToAMissingRecordSaysSo() {
        browser.open("run=" + browser.smallRun("small") + "&record=17");
        browser.await("a word", () -> browser.text("#status").equals("There is no record 17."));
        browser.await("the log", () -> browser.rows().size() == 6);
    }

    @Test
    void aRunsDetailsAreShownAboveItsLog() {
        String session = browser.smallRun("small");
        browser.server.post("/workspaces/vision/sessions", """
                {"name": "small", "description": "ResNet on CIFAR", "tags": ["baseline", "cifar"], "folder": "/2025",
                 "metadata": {"commit": "4f2a91c"}}
                """);
        String run = "/sessions/" + session;
        browser.server.post(run + "/parameters", "{\"data\": {\"model.lr\": 0.001, \"layers\": [64, 32]}}");
        browser.server.post(
                run + "/tracks/train/loss/append-batch", "{\"dataPoints\": [{\"value\": 2}, {\"value\": 0.5}]}");
        String form = """
                --b
                Content-Disposition: form-data; name="file"; filename="model.bin"

                0123456789
                --b
                Content-Disposition: form-data; name="prefix"

                /weights
                --b--
                """.replace("\n", "\r\n");
        assertThat(browser.server
                        .post(run + "/files", form, "Content-Type", "multipart/form-data; boundary=b")
                        .status())
                .isEqualTo(201);
        browser.open("run=" + session);
        browser.await(
                "the sections",
                () -> browser.texts("#about summary").equals(List.of("Parameters (2)", "Tracks (1)", "Files (1)")));
        assertThat(browser.text("#about .words")).isEqualTo("ResNet on CIFAR");
        assertThat(browser.texts("#about .tag")).containsExactly("baseline", "cifar", "commit=4f2a91c");
        assertThat(browser.text("#about .facts"))
                .contains("6 records", "2 errors", "2025-10-29 10:00:00", "over 50 s", "in /2025");
        browser.click("#run-parameters summary");
        assertThat(browser.find("#run-parameters table").getSize().width)
                .as("as wide as the page")
                .isGreaterThan(1200);
        assertThat(browser.texts("#run-parameters tr")).containsExactly("model.lr0.001", "layers[64,32]");
        browser.click("#run-tracks summary");
        assertThat(browser.texts("#run-tracks tr")).containsExactly("train/lossvalue=0.52 points");
        browser.click("#run-files summary");
        assertThat(browser.texts("#run-files tr")).containsExactly("weights/model.bin10 B");
        assertThat(browser.server
                        .get(browser.find("#run-files a").getDomAttribute("href"))
                        .body())
                .isEqualTo("0123456789");
    }

    /** Checks every field that a user can fill. */
    @Test
    void nothingIsInterpretedAsHtml() {
        String bad = "<img src=x onerror=document.title='run'><b>b</b>";
        String description =
                "{'name': '%1$s', 'description': '%1$s', 'tags': ['%1$s'], 'folder': '%1$s', 'metadata': {'%1$s': '%1$s'}}";
        String session = browser.server
                .post("/workspaces/%3Cb%3E/sessions", json(description, bad))
                .json()
                .get("session")
                .get("id")
                .stringValue();
        String run = "/sessions/" + session;
        browser.append(
                session,
                record(0, "info", bad, json("{'%1$s': 0.5, 'text': '%1$s', 'lines': '%1$s\\n%1$s'}", bad)),
                record(1, "fatal", bad, json("{'%1$s': 'NaN'}", bad)));
        browser.server.post(run + "/parameters", json("{'data': {'%1$s': '%1$s'}}", bad));
        browser.server.post(run + "/tracks/%3Cb%3E/append", json("{'data': {'%1$s': '%1$s'}}", bad));
        browser.open("chosen=" + session);
        browser.await("its curve", () -> browser.texts(".chart h3").equals(List.of(bad)));
        assertIsText(bad);
        browser.open("run=" + session + "&record=0&where=text!=%22%3Cb%3E%22&text=%3Cb%3E");
        browser.await("the record", () -> browser.text("#record .whole-message").equals(bad));
        browser.await(
                "the tracks",
                () -> browser.texts("#about summary").equals(List.of("Parameters (1)", "Tracks (1)", "Files (0)")));
        assertThat(browser.texts(".chip")).containsExactly("text!=\"<b>\"×");
        browser.click("#clear-filters");
        browser.await("the rows", () -> browser.texts(".rows .text").equals(List.of(bad, bad)));
        assertIsText(bad);
        assertThat(browser.server
                        .get("/")
                        .response()
                        .headers()
                        .firstValue("Content-Security-Policy")
                        .orElse(""))
                .contains("default-src 'self'")
                .doesNotContain("unsafe");
    }

    /** @param form JSON with single quotes, and {@code %1$s} for a text that may contain some */
    private static String json(String form, String text) {
        return form.replace('\'', '"').formatted(text);
    }

    private static void assertIsText(String bad) {
        assertThat(browser.driver.findElements(By.cssSelector("img, b"))).isEmpty();
        assertThat(browser.driver.getTitle()).isIn("Dreamlake", bad + " – Dreamlake");
        assertThat(browser.find("body").getText()).contains(bad);
        assertThat(browser.faults()).isEmpty();
    }
}
