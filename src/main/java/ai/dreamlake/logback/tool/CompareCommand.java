package ai.dreamlake.logback.tool;

import ai.dreamlake.logback.internal.journal.LogSnapshot;
import ai.dreamlake.logback.tool.Table.Align;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code compare}: runs side by side. */
@Command(
        name = "compare",
        description = {
            "Shows runs side by side: how long they took, their errors, the parameters that differ, and their metrics,"
                    + " which are the numbers in metadata.",
            "Each run is compared with the first one at the steps that both have. The step is the step, global_step or"
                    + " epoch of the record, or else its number. Of several numbers at one step, the last one counts."
        },
        mixinStandardHelpOptions = true)
final class CompareCommand implements Callable<Integer> {

    private static final int MAX_RUNS = 26;
    private static final int MAX_VALUE = 40;

    /** How many charts are drawn without {@code --chart}. */
    private static final int MAX_CHARTS = 3;

    private static final int MAX_NAMES = 20;

    @Spec
    private CommandSpec spec = CommandSpec.create(); // picocli sets it

    @Mixin
    private RootOption root = new RootOption();

    @Mixin
    private ColorOption color = new ColorOption();

    @Parameters(
            paramLabel = "SESSION",
            arity = "2..*",
            description = "A session's directory, or workspace/session under ROOT.")
    private List<String> sessions = new ArrayList<>();

    @Option(
            names = "--step",
            paramLabel = "FIELD",
            description = "The metadata field that is the step of a number; \"" + Axis.RECORD
                    + "\" for the number of the record. Default: step, global_step or epoch, the first that exists")
    private @Nullable String step;

    @Option(
            names = "--tolerance",
            paramLabel = "RATIO",
            defaultValue = "0",
            description = "How much two numbers may differ, relative to the larger one: 0.01 for 1 %%. Default:"
                    + " ${DEFAULT-VALUE}")
    private double tolerance;

    @Option(
            names = "--chart",
            paramLabel = "METRIC",
            description = "A metric to draw; may be given several times. Default: the first three that differ")
    private List<String> charts = new ArrayList<>();

    @Option(names = "--no-chart", description = "Draw nothing.")
    private boolean noChart;

    @Option(names = "--exit-code", description = "Exit with 1 if parameters or metrics differ, as diff does.")
    private boolean exitCode;

    /** How the runs compare in one metric. */
    private record Metric(RunSummary.Name name, List<@Nullable Series> series, List<SeriesDifference> differences) {
        boolean differs() {
            return differences.stream().anyMatch(difference -> difference.differing() > 0);
        }
    }

    @Override
    public Integer call() throws Exception {
        if (sessions.size() > MAX_RUNS) {
            throw ToolFailure.usage("There are " + sessions.size() + " runs: compare at most " + MAX_RUNS + ".");
        }
        if (!(tolerance >= 0)) {
            throw ToolFailure.usage("--tolerance is " + tolerance + ": choose 0 or more.");
        }
        List<RunSummary> runs = read();
        PrintWriter out = spec.commandLine().getOut();
        printRuns(runs, out);
        boolean differ = printParameters(runs, out);
        List<Metric> metrics = metrics(runs);
        printMetrics(metrics, out);
        if (!noChart) {
            printCharts(metrics, out);
        }
        out.flush();
        differ |= metrics.stream().anyMatch(Metric::differs);
        return reportSkipped(runs) || exitCode && differ ? ExitCode.FOUND : ExitCode.FINE;
    }

    private List<RunSummary> read() throws IOException, ToolFailure {
        List<FoundSession> found = FoundSession.of(root.path(), sessions);
        List<LogSnapshot> snapshots = new ArrayList<>();
        for (FoundSession session : found) {
            snapshots.add(LogSnapshot.of(session.directory()));
        }
        List<RunSummary> runs = new ArrayList<>();
        long total = snapshots.stream().mapToLong(LogSnapshot::bytes).sum();
        try (Progress progress = new Progress("compare", total)) {
            for (int i = 0; i < found.size(); i++) {
                runs.add(RunSummary.of(found.get(i), snapshots.get(i), Axis.of(step, false), progress));
            }
        }
        return runs;
    }

    /** Prints a sentence for each run of which something was left out. True if there is one. */
    private boolean reportSkipped(List<RunSummary> runs) {
        boolean isSkipped = false;
        PrintWriter err = spec.commandLine().getErr();
        for (RunSummary run : runs) {
            if (!run.skipped().isNothing()) {
                isSkipped = true;
                err.println("dreamlake: " + run.session() + ": " + run.skipped().sentence());
            }
            if (run.isCut()) {
                isSkipped = true;
                err.println("dreamlake: " + run.session() + " has too many numbers: only the first ones are compared.");
            }
        }
        return isSkipped;
    }

    private Table table(int runs, int more) {
        Align[] columns = new Align[1 + runs + more];
        Arrays.fill(columns, Align.LEFT);
        return new Table(columns);
    }

    private void printRuns(List<RunSummary> runs, PrintWriter out) {
        Colors colors = color.colors();
        Table table = table(runs.size(), 0);
        table.row().cell("");
        for (int i = 0; i < runs.size(); i++) {
            table.cell(Chart.letter(i) + " " + runs.get(i).session(), Chart.style(i, colors)::apply);
        }
        row("began", runs, run -> String.valueOf(run.begin() == null ? "-" : run.begin()), table);
        row("duration", runs, run -> duration(run.duration()), table);
        row("records", runs, run -> String.valueOf(run.records()), table);
        row("warnings", runs, run -> String.valueOf(run.count("warn")), table);
        row("errors", runs, run -> String.valueOf(run.count("error")), table);
        row("fatal", runs, run -> String.valueOf(run.count("fatal")), table);
        table.print(out);
    }

    private static void row(String name, List<RunSummary> runs, Function<RunSummary, String> value, Table table) {
        table.row().cell(name);
        runs.forEach(run -> table.cell(value.apply(run)));
    }

    private static String duration(@Nullable Duration duration) {
        if (duration == null) {
            return "-";
        }
        return duration.toHours() > 0
                ? String.format(Locale.ROOT, "%d h %02d min", duration.toHours(), duration.toMinutesPart())
                : duration.toMinutes() > 0
                        ? String.format(Locale.ROOT, "%d min %02d s", duration.toMinutes(), duration.toSecondsPart())
                        : String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1000.0);
    }

    private boolean printParameters(List<RunSummary> runs, PrintWriter out) {
        SortedSet<String> names = new TreeSet<>();
        runs.forEach(run -> names.addAll(run.parameters().keySet()));
        names.removeIf(name -> runs.stream()
                        .map(run -> String.valueOf(run.parameters().get(name)))
                        .distinct()
                        .count()
                == 1);
        if (names.isEmpty()) {
            return false;
        }
        out.println();
        out.println(color.colors().bold("Parameters that differ"));
        Table table = table(runs.size(), 0);
        for (String name : names) {
            row(Printable.line(name), runs, run -> shown(run.parameters().get(name)), table);
        }
        table.print(out);
        return true;
    }

    private static String shown(@Nullable FieldValue value) {
        if (value == null) {
            return "-";
        }
        String text = Printable.line(value.text());
        return text.length() <= MAX_VALUE ? text : text.substring(0, MAX_VALUE) + "…";
    }

    private List<Metric> metrics(List<RunSummary> runs) {
        SortedSet<RunSummary.Name> names = new TreeSet<>();
        runs.forEach(run -> names.addAll(run.series().keySet()));
        List<Metric> metrics = new ArrayList<>();
        for (RunSummary.Name name : names) {
            List<@Nullable Series> series = new ArrayList<>();
            List<SeriesDifference> differences = new ArrayList<>();
            Series first = runs.get(0).series().get(name);
            for (RunSummary run : runs) {
                Series own = run.series().get(name);
                series.add(own);
                if (series.size() > 1) {
                    differences.add(
                            first == null || own == null
                                    ? new SeriesDifference(0, 0, null)
                                    : SeriesDifference.of(first, own, tolerance));
                }
            }
            metrics.add(new Metric(name, series, differences));
        }
        return metrics;
    }

    /** Prints the last value of each run, and where each run except the first one begins to differ. */
    private void printMetrics(List<Metric> metrics, PrintWriter out) {
        if (metrics.isEmpty()) {
            return;
        }
        Colors colors = color.colors();
        int runs = metrics.get(0).series.size();
        out.println();
        out.println(colors.bold("Metrics: last values, and where the other runs begin to differ from A"));
        Table table = table(runs, runs - 1);
        for (Metric metric : metrics) {
            table.row().cell(metric.name.toString());
            for (Series series : metric.series) {
                table.cell(series == null ? "-" : PlainNumber.text(series.lastValue()));
            }
            for (int i = 0; i < metric.differences.size(); i++) {
                SeriesDifference difference = metric.differences.get(i);
                table.cell(
                        Chart.letter(i + 1) + ": " + sentence(difference),
                        difference.differing() > 0 ? colors::notable : colors::dim);
            }
        }
        table.print(out);
    }

    private static String sentence(SeriesDifference difference) {
        SeriesDifference.Point first = difference.first();
        if (difference.common() == 0) {
            return "no common step";
        }
        return first == null
                ? "equal at " + Sizes.count(difference.common(), "step")
                : "from " + PlainNumber.text(first.step()) + " on: " + PlainNumber.text(first.one()) + ", "
                        + PlainNumber.text(first.other()) + " (" + difference.differing() + " of "
                        + Sizes.count(difference.common(), "step") + ")";
    }

    private static String names(List<Metric> metrics) {
        return metrics.stream()
                .map(metric -> Printable.line(metric.name.field()))
                .distinct()
                .limit(MAX_NAMES)
                .collect(Collectors.joining(", "));
    }

    private void printCharts(List<Metric> metrics, PrintWriter out) throws ToolFailure {
        for (String wanted : charts) {
            if (metrics.stream().noneMatch(metric -> metric.name.field().equals(wanted))) {
                throw ToolFailure.usage("No run has a metric " + Printable.quoted(wanted) + "."
                        + (metrics.isEmpty() ? "" : " There are: " + names(metrics) + "."));
            }
        }
        metrics.stream()
                .filter(metric -> charts.isEmpty() ? metric.differs() : charts.contains(metric.name.field()))
                .limit(charts.isEmpty() ? MAX_CHARTS : Long.MAX_VALUE)
                .forEach(metric -> {
                    out.println();
                    Chart.print(
                            metric.name.toString(),
                            metric.series.stream()
                                    .map(series -> series == null ? new Series() : series)
                                    .toList(),
                            color.colors(),
                            out);
                });
    }
}
