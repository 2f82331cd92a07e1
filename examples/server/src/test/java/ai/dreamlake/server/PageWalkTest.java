package ai.dreamlake.server;

import static ai.dreamlake.server.Browser.record;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A typical walk from signing in to the cause of an error. Makes the README's pictures on the way. */
@Timeout(120)
class PageWalkTest {

    private static final String LOSS = "[data-metric=train_loss]";
    private static final String TRACE = "java.io.IOException: Connection reset by peer\\n"
            + "\\tat com.example.data.ShardReader.read(ShardReader.java:94)\\n"
            + "\\tat com.example.data.Loader.next(Loader.java:41)\\n"
            + "\\tat com.example.training.Trainer.epoch(Trainer.java:118)\\n"
            + "\\tat com.example.training.Trainer.main(Trainer.java:27)\\n"
            + "Caused by: java.net.SocketException: Broken pipe\\n"
            + "\\t... 4 more\\n";

    @TempDir
    Path directory;

    private Browser browser;

    /** @param speed how fast the model learns */
    private String training(String name, String tags, Instant end, double seconds, int steps, double speed) {
        String answer = browser.server
                .post(
                        "/workspaces/vision/sessions",
                        "{\"name\": \"%s\", \"description\": \"ResNet-18 on CIFAR-10\", \"tags\": [%s]}"
                                .formatted(name, tags))
                .body();
        String session =
                TestServer.JSON.readTree(answer).get("session").get("id").stringValue();
        Random random = new Random(name.hashCode());
        Instant start = end.minusMillis((long) (steps * seconds * 1000));
        List<String> records = new ArrayList<>();
        records.add(record(start, "info", "Training started", "{\"device\": \"cuda:0\", \"seed\": 7}"));
        for (int step = 1; step <= steps; step++) {
            Instant time = start.plusMillis((long) (step * seconds * 1000));
            double loss = 2.1 * Math.exp(-speed * step / 400) + 0.25 + 0.04 * random.nextGaussian();
            String metrics = "\"step\": %d, \"epoch\": %d, \"train_loss\": %.4f".formatted(step, step / 20, loss);
            if (step % 20 == 0) {
                double held = loss + 0.05 + 0.02 * random.nextGaussian();
                records.add(record(
                        time,
                        "info",
                        "Epoch %d done".formatted(step / 20),
                        "{%s, \"val_loss\": %.4f, \"accuracy\": %.4f}".formatted(metrics, held, 1 - held / 2.8)));
            } else {
                records.add(record(time, "debug", "Step done", "{" + metrics + "}"));
            }
            if (random.nextInt(60) == 0) {
                String norm = "{\"norm\": %.2f}".formatted(5 + 5 * random.nextDouble());
                records.add(record(time, "warn", "Gradients are large: clipped", norm));
            }
            if (step % 331 == 330) {
                String exception = "{\"exception\": {\"type\": \"java.io.IOException\", \"stack_trace\": \"" + TRACE
                        + "\"}, \"shard\": " + step % 7 + ", \"attempt\": 1}";
                records.add(record(time, "error", "Could not read a shard: trying again", exception));
            }
        }
        browser.append(session, records);
        return session;
    }

    @Test
    void fromTheRunsToTheCauseOfAnError() {
        try (Browser opened = new Browser(directory)) {
            browser = opened;
            walk();
        }
    }

    private void walk() {
        browser.signInAs("alice");
        Instant now = Instant.now();
        training("java-baseline", "\"baseline\", \"jvm\"", now.minusSeconds(9000), 4, 1100, 1);
        training("python-baseline", "\"baseline\", \"python\"", now.minusSeconds(4000), 3, 1100, 1.3);
        String dying = training("java-large-batch", "\"jvm\"", now.minusSeconds(2000), 2, 500, 2.4);
        browser.append(dying, record(now.minusSeconds(1990), "fatal", "CUDA out of memory", "null"));
        String live = training("java-warm-up", "\"jvm\", \"warm-up\"", now, 3, 760, 1.8);
        browser.server.post(
                "/sessions/" + live + "/parameters",
                "{\"data\": {\"optimizer.name\": \"sgd\", \"optimizer.lr\": 0.05, \"warm_up.epochs\": 5}}");

        browser.driver.manage().deleteAllCookies();
        browser.open("");
        browser.await("the form", () -> browser.isShown("#credential"));
        browser.find("#credential").sendKeys("alice\n");
        browser.await("the runs", () -> browser.texts(".run-name a").size() == 4);
        for (String run : new String[] {"java-baseline", "python-baseline", "java-warm-up"}) {
            browser.click("[aria-label='Draw " + run + "']");
        }
        browser.click("#compare select option[value=elapsed]");
        browser.await("three curves", () -> browser.texts(LOSS + " .label").size() == 3);
        browser.await(
                "their states", () -> browser.texts("#runs-table tbody .state").contains("died"));
        browser.await("all that is wanted", () -> browser.isShown("#compare [aria-busy=false]"));

        browser.save("page-runs.png");

        browser.driver
                .findElement(org.openqa.selenium.By.linkText("java-warm-up"))
                .click();
        browser.await("its curve", () -> browser.isShown("#charts " + LOSS + " canvas"));
        browser.await("its parameters", () -> browser.texts("#about summary").contains("Parameters (3)"));
        browser.await("its end", () -> browser.rows().stream().anyMatch(row -> row.contains("Epoch 38 done")));
        browser.await("all that is wanted", () -> browser.isShown("#charts [aria-busy=false]"));
        browser.save("page.png");

        browser.click("[data-level=error]");
        browser.await("two errors", () -> browser.rows().size() == 2);
        browser.click(".row.error");
        browser.await("the stack trace", () -> browser.text("#record .block").contains("ShardReader.java:94"));
        browser.click("#around");
        browser.await("what was before", () -> browser.rows().stream().anyMatch(row -> row.contains("Step done")));
        assertThat(browser.text(".row.is-current .level")).isEqualTo("error");
        browser.save("page-record.png");
        assertThat(browser.faults()).isEmpty();
    }
}
