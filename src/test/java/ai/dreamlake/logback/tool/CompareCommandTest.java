package ai.dreamlake.logback.tool;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.support.SessionOnDisk;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compares runs. */
class CompareCommandTest {

    @TempDir
    Path root;

    private final List<String> log = new ArrayList<>();

    private SessionOnDisk session(String name) {
        SessionOnDisk files = SessionOnDisk.of(root, "project", name);
        StringBuilder text = new StringBuilder();
        log.forEach(line -> text.append(line).append('\n'));
        log.clear();
        return files.write(files.log(), text.toString());
    }

    private void record(int second, String level, String metadata) {
        log.add(String.format(
                Locale.ROOT,
                "{\"timestamp\": \"2025-10-29T10:%02d:%02d.000000Z\", \"level\": \"%s\", \"message\": \"m\","
                        + " \"metadata\": %s, \"sequenceNumber\": %d}",
                second / 60,
                second % 60,
                level,
                metadata,
                log.size()));
    }

    private void losses(int steps, IntToDoubleFunction loss) {
        for (int step = 0; step < steps; step++) {
            record(step, "info", "{\"step\": " + step + ", \"loss\": " + loss.applyAsDouble(step) + "}");
        }
    }

    private Tool compare(Object... arguments) {
        return Tool.run(Stream.concat(Stream.of("compare", "--root", root), Stream.of(arguments))
                .toArray());
    }

    @Test
    void runsAreSideBySide() {
        losses(5, step -> 1.0 / (step + 1));
        record(65, "warn", "null");
        session("a");
        losses(4, step -> step < 2 ? 1.0 / (step + 1) : 9);
        record(5, "error", "null");
        session("b");
        Tool run = compare("project/a", "project/b", "--no-chart");
        assertThat(run.err()).isEmpty();
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).isEqualTo("""
                                  A project/a           B project/b
                        began     2025-10-29T10:00:00Z  2025-10-29T10:00:00Z
                        duration  1 min 05 s            5.0 s
                        records   6                     5
                        warnings  1                     0
                        errors    0                     1
                        fatal     0                     0

                        Metrics: last values, and where the other runs begin to differ from A
                        loss by step  0.2  9  B: from 2 on: 0.3333333333333333, 9 (2 of 4 steps)
                        """);
    }

    @Test
    void parametersOfPythonAndTheDescriptionAreComparedByValue() {
        SessionOnDisk a = session("a");
        a.write(a.directory().resolve("parameters.json"), "{\"version\": 1, \"data\": {\"lr\": 0.1, \"same\": 1}}");
        a.write(a.description(), "{\"name\": \"a\", \"metadata\": {\"host\": {\"name\": \"one\"}}}");
        SessionOnDisk b = session("b");
        b.write(b.directory().resolve("parameters.json"), "{\"data\": {\"lr\": 0.2, \"same\": 1, \"new\": \"x\"}}");
        b.write(b.description(), "{\"name\": \"b\", \"metadata\": {\"host\": {\"name\": \"two\"}}}");
        Tool run = compare("project/a", "project/b");
        assertThat(run.out()).contains("""

                        Parameters that differ
                        lr                  0.1  0.2
                        metadata.host.name  one  two
                        new                 -    x
                        """).doesNotContain("same");
        assertThat(run.exitCode()).isZero();
        assertThat(compare("project/a", "project/b", "--exit-code").exitCode()).isEqualTo(1);
        assertThat(compare("project/a", "project/a", "--exit-code").exitCode()).isZero();
    }

    @Test
    void damagedParametersAreIgnored() {
        SessionOnDisk a = session("a");
        a.write(a.directory().resolve("parameters.json"), "{\"data\": {\"lr\": 0.1");
        assertThat(compare("project/a", "project/a").exitCode()).isZero();
    }

    @Test
    void seriesByStepByEpochAndByRecordAreDifferentOnes() {
        record(0, "info", "{\"global_step\": 5, \"loss\": 1}");
        record(0, "info", "{\"epoch\": 1, \"loss\": 2}");
        record(0, "info", "{\"loss\": 3}");
        session("a");
        record(0, "info", "{\"epoch\": 1, \"loss\": 2}");
        session("b");
        assertThat(compare("project/a", "project/b").lines())
                .contains(
                        "loss by epoch        2  2  B: equal at 1 step",
                        "loss by global_step  1  -  B: no common step",
                        "loss by record       3  -  B: no common step");
    }

    @Test
    void theLastNumberAtAStepCountsAlsoIfStepsGoBack() {
        for (int[] point : new int[][] {{1, 10}, {2, 20}, {2, 21}, {1, 11}, {3, 30}}) {
            record(0, "info", "{\"step\": " + point[0] + ", \"loss\": " + point[1] + "}");
        }
        session("a");
        for (int[] point : new int[][] {{1, 11}, {2, 21}, {3, 30}}) {
            record(0, "info", "{\"step\": " + point[0] + ", \"loss\": " + point[1] + "}");
        }
        session("b");
        assertThat(compare("project/a", "project/b").out()).contains("B: equal at 3 steps");
    }

    @Test
    void notANumberEqualsItselfAndNothingElse() {
        record(0, "info", "{\"step\": 1, \"loss\": \"NaN\"}");
        session("a");
        record(0, "info", "{\"step\": 1, \"loss\": NaN}");
        session("b");
        record(0, "info", "{\"step\": 1, \"loss\": 0}");
        session("c");
        assertThat(compare("project/a", "project/b", "project/c", "--tolerance", "1")
                        .out())
                .contains("B: equal at 1 step  C: from 1 on: NaN, 0 (1 of 1 step)");
    }

    @Test
    void smallDifferencesCanBeTolerated() {
        losses(3, step -> 100);
        session("a");
        losses(3, step -> 100.5);
        session("b");
        assertThat(compare("project/a", "project/b").out()).contains("from 0 on: 100, 100.5 (3 of 3 steps)");
        assertThat(compare("project/a", "project/b", "--tolerance", "0.01").out())
                .contains("B: equal at 3 steps");
    }

    @Test
    void withoutColoursAChartIsDrawnInLetters() {
        losses(72, step -> step);
        session("a");
        losses(72, step -> 71 - step);
        session("b");
        List<String> chart = compare("project/a", "project/b").lines();
        chart = chart.subList(chart.indexOf("loss by step"), chart.size());
        assertThat(chart).hasSize(15);
        assertThat(chart.get(1)).isEqualTo("71 |BBBB" + " ".repeat(64) + "AAAA");
        assertThat(chart.get(12)).isEqualTo(" 0 |AAAA" + " ".repeat(64) + "BBBB");
        assertThat(chart.get(14)).isEqualTo("    0" + " ".repeat(69) + "71");
    }

    @Test
    void withColoursAChartIsDrawnInDots() {
        losses(10, step -> step);
        session("a");
        losses(10, step -> -step);
        session("b");
        assertThat(compare("project/a", "project/b", "--color", "always").out())
                .containsPattern("\u001b\\[36m[\u2801-\u28ff]\u001b\\[0m")
                .containsPattern("\u001b\\[33m[\u2801-\u28ff]\u001b\\[0m");
    }

    @Test
    void oddNumbersDoNotBreakAChart() {
        record(0, "info", "{\"step\": 1, \"loss\": 1e308, \"none\": NaN}");
        record(0, "info", "{\"step\": 2, \"loss\": Infinity}");
        record(0, "info", "{\"step\": 3, \"loss\": -1e308}");
        session("a");
        Tool run = compare("project/a", "project/a", "--chart", "loss", "--chart", "none");
        assertThat(run.exitCode()).isZero();
        assertThat(run.out()).contains(" 1.000e+308 |*", "-1.000e+308 |");
    }

    @Test
    void aMissingMetricCannotBeDrawn() {
        record(0, "info", "{\"train_loss\": 1, \"accuracy\": 0.5}");
        session("a");
        Tool run = compare("project/a", "project/a", "--chart", "loss");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).startsWith("dreamlake: No run has a metric \"loss\". There are: accuracy, train_loss.\n");
    }

    @Test
    void controlCharactersInNamesDoNotReachATerminal() {
        record(0, "info", "{\"step\": 1, \"lo\\u001b[31mss\": 1}");
        session("a");
        assertThat(compare("project/a", "project/a", "--color", "never").out()).doesNotContain("\u001b");
    }

    @Test
    void skippedDamageIsReported() {
        log.add("no record");
        session("a");
        Tool run = compare("project/a", "project/a");
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.err()).contains("project/a: 1 damaged and 0 overlong lines were skipped.");
    }
}
