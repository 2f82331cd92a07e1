package ai.dreamlake.logback.benchmark;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs the benchmarks and prints their tables as Markdown. Arguments: the tables to print, or none for all. */
public final class Benchmarks {

    private Benchmarks() {}

    public static void main(String[] arguments) throws RunnerException {
        List<String> tables = new ArrayList<>(List.of(arguments));
        if (tables.isEmpty()) {
            tables.addAll(List.of("caller", "threads", "latency", "drain", "sessions", "opening", "upload"));
        }
        for (String table : tables) {
            System.out.println("\n### " + table + "\n");
            switch (table) {
                case "caller" -> {
                    print(run(append().threads(1)));
                    print(run(options(Log4jBenchmark.class).threads(1)));
                }
                case "threads" -> {
                    print(run(append().threads(4).param("work", "KEY_VALUES")));
                    print(run(append().threads(16).param("work", "KEY_VALUES")));
                    print(run(options(Log4jBenchmark.class).threads(4)));
                    print(run(options(Log4jBenchmark.class).threads(16)));
                }
                case "latency" ->
                    print(run(append().threads(1).mode(Mode.SampleTime).param("work", "KEY_VALUES")));
                case "drain" -> print(run(options(DrainBenchmark.class)));
                case "sessions" ->
                    print(run(append().threads(4)
                            .param("work", "KEY_VALUES")
                            .param("sessions", "1", "64")
                            .param("subject", "DREAMLAKE", "JSON_DURABLE", "LOGSTASH_DURABLE")));
                case "opening" -> print(run(options(OpeningBenchmark.class)));
                case "upload" -> print(run(options(UploadBenchmark.class)));
                default -> throw new IllegalArgumentException("unknown table: " + table);
            }
        }
    }

    private static ChainedOptionsBuilder append() {
        return options(AppendBenchmark.class);
    }

    private static ChainedOptionsBuilder options(Class<?> benchmark) {
        return new OptionsBuilder()
                .include(benchmark.getName())
                .addProfiler(GCProfiler.class)
                .shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT);
    }

    private static Collection<RunResult> run(ChainedOptionsBuilder options) throws RunnerException {
        return new Runner(options.build()).run();
    }

    private static void print(Collection<RunResult> results) {
        System.out.println("| benchmark | threads | time | ± | p50 | p99 | p99.9 | B/event |");
        System.out.println("|---|---|---|---|---|---|---|---|");
        for (RunResult result : results) {
            Result<?> time = result.getPrimaryResult();
            boolean sampled = result.getParams().getMode() == Mode.SampleTime;
            Result<?> allocated = result.getSecondaryResults().get("gc.alloc.rate.norm");
            List<String> cells = new ArrayList<>();
            cells.add(name(result));
            cells.add("" + result.getParams().getThreads());
            cells.add(number(time.getScore()));
            cells.add(number(time.getScoreError()));
            for (double percentile : new double[] {50, 99, 99.9}) {
                cells.add(sampled ? number(time.getStatistics().getPercentile(percentile)) : "");
            }
            cells.add(allocated == null ? "" : number(allocated.getScore()));
            System.out.println("| " + String.join(" | ", cells) + " |");
        }
    }

    private static String name(RunResult result) {
        List<String> parts = new ArrayList<>();
        String method = result.getParams().getBenchmark();
        parts.add(method.substring(method.lastIndexOf('.') + 1));
        for (String key : result.getParams().getParamsKeys()) {
            parts.add(result.getParams().getParam(key));
        }
        return String.join(" ", parts);
    }

    private static String number(double value) {
        return Double.isNaN(value) ? "" : String.format(Locale.ROOT, value < 100 ? "%.1f" : "%.0f", value);
    }
}
