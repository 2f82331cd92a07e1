package ai.dreamlake.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.logging.Level;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.support.ui.Select;
import org.openqa.selenium.support.ui.WebDriverWait;

/**
 * The page, in a real browser: Debian's packages chromium and chromium-driver. Skipped where they are not installed.
 */
@Timeout(120)
class PageTest {

    private static final File BROWSER = new File("/usr/bin/chromium");
    private static final File DRIVER = new File("/usr/bin/chromedriver");

    @TempDir
    static Path directory;

    private static TestServer server;
    private static ChromeDriver browser;
    private String session;

    @BeforeAll
    static void start() throws IOException {
        assumeThat(BROWSER.canExecute() && DRIVER.canExecute())
                .as("there are a Chromium and its driver")
                .isTrue();
        server = new TestServer(Files.createDirectory(directory.resolve("data")));
        ChromeOptions options = new ChromeOptions();
        options.setBinary(BROWSER);
        options.addArguments(
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--window-size=1200,700",
                "--user-data-dir=" + directory.resolve("profile"));
        browser = new ChromeDriver(
                new ChromeDriverService.Builder()
                        .usingDriverExecutable(DRIVER)
                        .usingAnyFreePort()
                        .build(),
                options);
    }

    @AfterAll
    static void stop() {
        if (browser != null) {
            browser.quit();
            server.close();
        }
    }

    private static String record(int number, String level, String message, String metadata) {
        return "{\"timestamp\": \"2025-10-29T10:30:%02d.123456Z\", \"level\": \"%s\", \"message\": \"%s\", \"metadata\": %s}"
                .formatted(number % 60, level, message, metadata);
    }

    private void append(String... records) {
        assertThat(server.append(session, null, "{\"logs\": [" + String.join(", ", records) + "]}")
                        .status())
                .isEqualTo(200);
    }

    /** A session of each test's own, and nobody signed in. */
    @BeforeEach
    void signedOutWithASession() {
        browser.get(server.url);
        browser.manage().deleteAllCookies();
        session = server.session("vision", "run " + System.nanoTime());
        append(
                record(1, "info", "Training started", "null"),
                record(2, "debug", "Epoch completed", "{\"epoch\": 1, \"train_loss\": 0.75}"),
                record(3, "debug", "Epoch completed", "{\"epoch\": 2, \"train_loss\": 0.5}"),
                record(4, "warn", "<b>Loss</b> is slow", "null"),
                record(5, "error", "Could not read a file", "{\"error_type\": \"IOException\"}"),
                record(6, "fatal", "Out of memory", "null"));
        browser.get(server.url);
    }

    private static WebElement element(String id) {
        return browser.findElement(By.id(id));
    }

    private void signIn() {
        await("the form", () -> element("who").getText().equals("User name"));
        element("credential").sendKeys("alice\n");
        await(
                "the session",
                () -> !browser.findElements(By.cssSelector("[data-id='" + session + "']"))
                        .isEmpty());
        browser.executeScript("document.querySelector(\"[data-id='" + session + "']\").click()");
        await("its records", () -> rows().size() == 6);
    }

    private interface Condition {
        boolean holds();
    }

    private static void await(String what, Condition condition) {
        new WebDriverWait(browser, Duration.ofSeconds(20)).withMessage(what).until(driver -> condition.holds());
    }

    @SuppressWarnings("unchecked")
    private static List<String> rows() {
        return (List<String>)
                browser.executeScript(
                        "return [...document.querySelectorAll('#records tr')].map(row => row.className + ': ' + row.cells[3].textContent)");
    }

    @Test
    void aLogIsShownColouredByLevelWithTheNewestRecordAtTheEnd() {
        signIn();
        assertThat(rows())
                .containsExactly(
                        "info: Training started",
                        "debug: Epoch completed",
                        "debug: Epoch completed",
                        "warn: <b>Loss</b> is slow",
                        "error: Could not read a file",
                        "fatal: Out of memory");
        List<WebElement> cells = browser.findElements(By.cssSelector("#records tr:nth-child(3) td"));
        assertThat(cells.stream().map(WebElement::getText))
                .containsExactly(
                        "2", "2025-10-29 10:30:03.123", "debug", "Epoch completed", "{\"epoch\":2,\"train_loss\":0.5}");
        String plain = browser.findElement(By.cssSelector("tr.info")).getCssValue("background-color");
        for (String level : new String[] {"warn", "error", "fatal"}) {
            assertThat(browser.findElement(By.cssSelector("tr." + level)).getCssValue("background-color"))
                    .isNotEqualTo(plain);
        }
        assertThat(browser.manage().logs().get(LogType.BROWSER).getAll())
                .filteredOn(entry ->
                        entry.getLevel() == Level.SEVERE && !entry.getMessage().contains("401"))
                .isEmpty();
    }

    @Test
    void newRecordsComeByThemselvesAndTheEndStaysInSight() {
        signIn();
        for (int i = 0; i < 200; i++) {
            append(record(i, "info", "more " + i, "null"));
        }
        await("the new records", () -> rows().size() == 206);
        assertThat(rows().get(205)).isEqualTo("info: more 199");
        await(
                "the end in sight",
                () -> (Boolean)
                        browser.executeScript(
                                "const log = document.getElementById('log'); return log.scrollTop + log.clientHeight >= log.scrollHeight - 2"));
    }

    @Test
    void filtersHoldForWhatIsThereAndForWhatComes() {
        signIn();
        element("level-debug").click();
        await("no debug", () -> rows().size() == 4);
        element("search").sendKeys("ME");
        await("those with an m", () -> rows().equals(List.of("fatal: Out of memory")));
        element("search").sendKeys("MORY");
        await("the one", () -> rows().equals(List.of("fatal: Out of memory")));
        append(
                record(7, "debug", "of memory", "null"),
                record(8, "info", "of memory", "null"),
                record(9, "info", "of time", "null"));
        await("what comes", () -> rows().equals(List.of("fatal: Out of memory", "info: of memory")));
        browser.executeScript("for (const id of ['search', 'to']) document.getElementById(id).value = '';"
                + "document.getElementById('from').value = '2025-10-29T10:30:06';"
                + "document.getElementById('filters').dispatchEvent(new Event('input'))");
        await(
                "those after a time",
                () -> rows().equals(List.of("fatal: Out of memory", "info: of memory", "info: of time")));
    }

    @Test
    void numbersInMetadataAreDrawnAndTheLineGrows() {
        signIn();
        await("the chart", () -> element("chart").isDisplayed());
        Select metric = new Select(element("metric"));
        assertThat(metric.getFirstSelectedOption().getText()).isEqualTo("train_loss");
        assertThat(metric.getOptions()).hasSize(2);
        assertThat(element("curve").getDomAttribute("points")).isEqualTo("0.0,3.0 1000.0,97.0");
        assertThat(element("range").getText()).isEqualTo("0.5 to 0.75, records 1 to 2");
        append(record(7, "debug", "Epoch completed", "{\"epoch\": 3, \"train_loss\": 0.25}"));
        await("three points", () -> element("curve").getDomAttribute("points").split(" ").length == 3);
        metric.selectByValue("epoch");
        await("the other metric", () -> element("range").getText().equals("1 to 3, records 1 to 6"));
        save();
    }

    /** For the README, if asked for: -Dscreenshot=page.png */
    private static void save() {
        String file = System.getProperty("screenshot");
        if (file != null) {
            try {
                Files.write(Path.of(file), browser.getScreenshotAs(OutputType.BYTES));
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
    }

    private static List<String> texts(String selector) {
        return browser.findElements(By.cssSelector(selector)).stream()
                .map(WebElement::getText)
                .toList();
    }

    /** As text, whatever they contain: scripts in them do not run. */
    @Test
    void parametersAndTheNewestPointOfEachTrackAreShownWhenTheSectionIsOpened() {
        String run = "/sessions/" + session;
        String name = "<img src=x onerror=document.title='run'>";
        server.post(run + "/parameters", "{\"data\": {\"model.lr\": 0.001, \"" + name + "\": [\"<b>b</b>\", null]}}");
        server.post(run + "/tracks/train/loss/append-batch", "{\"dataPoints\": [{\"value\": 2}, {\"value\": 0.5}]}");
        server.post(run + "/tracks/%3Cb%3E/append", "{\"data\": {\"<i>\": \"<i>\"}}");
        signIn();
        assertThat(element("run").getText()).isEqualTo("Parameters and tracks");
        browser.findElement(By.cssSelector("#run summary")).click();
        await("the tracks", () -> texts("#run-tracks dt").size() == 2);
        assertThat(texts("#run-parameters > *")).containsExactly("model.lr", "0.001", name, "[\"<b>b</b>\",null]");
        assertThat(texts("#run-tracks > *"))
                .containsExactly("<b>", "{\"<i>\":\"<i>\"} · 1 points", "train/loss", "{\"value\":0.5} · 2 points");
        assertThat(browser.findElements(By.cssSelector("#run img, #run b, #run i")))
                .isEmpty();
        assertThat(browser.getTitle()).isEqualTo("Dreamlake");

        String other = server.session("vision", "other run " + System.nanoTime());
        server.post("/sessions/" + other + "/parameters", "{\"data\": {\"seed\": 7}}");
        await(
                "the other session",
                () -> !browser.findElements(By.cssSelector("[data-id='" + other + "']"))
                        .isEmpty());
        browser.executeScript("document.querySelector(\"[data-id='" + other + "']\").click()");
        await("its parameters", () -> texts("#run dl > *").equals(List.of("seed", "7")));
    }

    @Test
    void whoIsNotSignedInSeesNothing() {
        await("the form", () -> element("who").getText().equals("User name"));
        assertThat(browser.findElements(By.cssSelector("nav button"))).isEmpty();
        assertThat(rows()).isEmpty();
        element("credential").sendKeys("not.a.token\n");
        await("a word about it", () -> element("status").getText().contains("not valid"));
    }
}
