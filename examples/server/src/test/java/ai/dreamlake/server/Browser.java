package ai.dreamlake.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import org.openqa.selenium.By;
import org.openqa.selenium.Cookie;
import org.openqa.selenium.JavascriptException;
import org.openqa.selenium.NoSuchElementException;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.TimeoutException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.support.ui.WebDriverWait;

/**
 * A user of the page: a server, and a real browser from Debian's packages chromium and chromium-driver. Tests are
 * skipped where they are not installed.
 */
final class Browser implements AutoCloseable {

    private static final File BROWSER = new File("/usr/bin/chromium");
    private static final File DRIVER = new File("/usr/bin/chromedriver");
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int WIDTH = 1280;
    private static final int HEIGHT = 800;

    final TestServer server;
    final ChromeDriver driver;
    private int views;

    Browser(Path directory) {
        assumeThat(BROWSER.canExecute() && DRIVER.canExecute())
                .as("Chromium and its driver are installed")
                .isTrue();
        try {
            server = new TestServer(Files.createDirectories(directory.resolve("data")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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
                "--user-data-dir=" + directory.resolve("profile"));
        driver = new ChromeDriver(
                new ChromeDriverService.Builder()
                        .usingDriverExecutable(DRIVER)
                        .usingAnyFreePort()
                        .build(),
                options);
    }

    @Override
    public void close() {
        driver.quit();
        server.close();
    }

    /** Signs in a user who has no runs yet, on a desktop screen. */
    void signInAs(String user) {
        resize(WIDTH, HEIGHT);
        server.token = TestServer.TOKENS.ofName(user, Instant.now());
        driver.get(server.url + "/health");
        driver.manage().deleteAllCookies();
        driver.executeScript("localStorage.clear()");
        driver.manage().addCookie(new Cookie("dreamlake-token", server.token));
        driver.manage().logs().get(LogType.BROWSER); // drops the messages of earlier tests
    }

    void resize(int width, int height) {
        driver.executeCdpCommand(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
    }

    /** @param prefers {@code dark} or {@code light}: what the system prefers */
    void prefer(String prefers) {
        driver.executeCdpCommand(
                "Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", prefers))));
    }

    /** Opens an address, as a link from elsewhere would. @param view the part after the # */
    void open(String view) {
        driver.get(server.url + "/?" + ++views + "#" + view);
    }

    String address() {
        return driver.getCurrentUrl().substring(driver.getCurrentUrl().indexOf('#') + 1);
    }

    WebElement find(String selector) {
        return driver.findElement(By.cssSelector(selector));
    }

    void click(String selector) {
        await(selector, () -> find(selector).isDisplayed());
        find(selector).click();
    }

    boolean isShown(String selector) {
        return driver.findElements(By.cssSelector(selector)).stream().anyMatch(WebElement::isDisplayed);
    }

    /** The texts of all elements, including those scrolled out of view. */
    List<String> texts(String selector) {
        return strings("return [...document.querySelectorAll(arguments[0])].map(one => one.textContent)", selector);
    }

    String text(String selector) {
        return find(selector).getText();
    }

    /** Sends keys to the element that has the focus. */
    void press(CharSequence... keys) {
        new Actions(driver).sendKeys(keys).perform();
    }

    @SuppressWarnings("unchecked")
    List<String> strings(String script, Object... arguments) {
        return (List<String>) driver.executeScript(script, arguments);
    }

    long number(String script, Object... arguments) {
        return (Long) driver.executeScript(script, arguments);
    }

    boolean is(String expression, Object... arguments) {
        return (Boolean) driver.executeScript("return Boolean(" + expression + ")", arguments);
    }

    interface Condition {
        boolean holds();
    }

    void await(String what, Condition condition) {
        new WebDriverWait(driver, PATIENCE, Duration.ofMillis(50))
                .ignoring(NoSuchElementException.class, StaleElementReferenceException.class)
                .ignoring(JavascriptException.class)
                .withMessage(what)
                .until(driver -> condition.holds());
    }

    /** The visible rows of the log, such as {@code 41 warn Slow}; rows that are not loaded yet are {@code …}. */
    List<String> rows() {
        return strings("""
                const view = document.querySelector('.window').getBoundingClientRect();
                return [...document.querySelectorAll('.rows .row')]
                    .sort((one, other) => one.dataset.index - other.dataset.index)
                    .filter(row => row.getBoundingClientRect().top >= view.top - 1
                        && row.getBoundingClientRect().bottom <= view.bottom + 1)
                    .map(row => row.classList.contains('is-loading') ? '…'
                        : ['number', 'level', 'text'].map(part => row.querySelector('.' + part).textContent).join(' '))
                """);
    }

    void awaitRows(String... rows) {
        List<String> expected = List.of(rows);
        try {
            await("the rows " + expected, () -> rows().equals(expected));
        } catch (TimeoutException e) {
            throw new AssertionError(
                    "expected the rows " + expected + ", but there were " + rows() + " at #" + address(), e);
        }
    }

    /** Errors in the page, except refusals of the server, which the page shows itself. */
    List<String> faults() {
        return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
                .filter(entry -> entry.getLevel().intValue() >= Level.WARNING.intValue())
                .map(entry -> entry.getMessage())
                .filter(message -> !message.contains("Failed to load resource"))
                .toList();
    }

    /** Saves a picture for the README, if {@code -Dscreenshots=.} names a directory. */
    void save(String file) {
        String directory = System.getProperty("screenshots");
        if (directory != null) {
            try {
                Files.write(Path.of(directory, file), driver.getScreenshotAs(OutputType.BYTES));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** A record as JSON. @param second within an hour, from 0 */
    static String record(int second, String level, String message, String metadata) {
        return record(Instant.parse("2025-10-29T10:00:00.123456Z").plusSeconds(second), level, message, metadata);
    }

    static String record(Instant time, String level, String message, String metadata) {
        return "{\"timestamp\": \"%s\", \"level\": \"%s\", \"message\": \"%s\", \"metadata\": %s}"
                .formatted(time, level, message, metadata);
    }

    void append(String session, List<String> records) {
        for (int i = 0; i < records.size(); i += 2000) {
            String batch = String.join(", ", records.subList(i, Math.min(i + 2000, records.size())));
            assertThat(server.append(session, null, "{\"logs\": [" + batch + "]}")
                            .status())
                    .isEqualTo(200);
        }
    }

    void append(String session, String... records) {
        append(session, List.of(records));
    }

    /** A run of some records of each level, the last one fatal. */
    String smallRun(String name) {
        String session = server.session("vision", name);
        append(
                session,
                record(0, "info", "Training started", "null"),
                record(10, "debug", "Epoch done", "{\"epoch\": 1, \"train_loss\": 0.75}"),
                record(20, "debug", "Epoch done", "{\"epoch\": 2, \"train_loss\": 0.5}"),
                record(30, "warn", "Loss is slow", "{\"eval\": {\"loss\": 0.5}}"),
                record(40, "error", "Could not read a file", "{\"error_type\": \"IOException\"}"),
                record(50, "fatal", "Out of memory", "null"));
        return session;
    }

    static List<String> many(int count, java.util.function.IntFunction<String> record) {
        List<String> records = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            records.add(record.apply(i));
        }
        return records;
    }
}
