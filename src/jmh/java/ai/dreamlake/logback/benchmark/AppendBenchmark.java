package ai.dreamlake.logback.benchmark;

import java.io.IOException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.slf4j.MDC;

/**
 * What a logger call costs its caller. A run that lost an event fails.
 *
 * <p>A queue looks cheap until it is full. Here it is full, as in any program that logs faster than its disk for more
 * than a moment.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class AppendBenchmark {

    @State(Scope.Benchmark)
    public static class Trial {

        @Param
        public Subject subject;

        @Param
        public Work work;

        /** How many sessions alternate at random, named by the MDC. For peers it is just an MDC entry. */
        @Param("1")
        public int sessions;

        Run run;
        final LongAdder logged = new LongAdder();

        @Setup
        public void start() throws IOException {
            run = Run.start(subject, work);
        }

        @TearDown
        public void stop() throws IOException {
            run.stop();
            long lines = run.countLines();
            run.delete();
            if (subject != Subject.NOP && sessions == 1 && lines != logged.sum()) {
                throw new IllegalStateException(
                        subject + " lost events: " + logged.sum() + " logged, " + lines + " lines");
            }
        }
    }

    @State(Scope.Thread)
    public static class Caller {
        int i;
        private int counted;
        String[] names;

        @Setup
        public void prepare(Trial trial) {
            trial.work.prepareThread();
            names = new String[trial.sessions];
            for (int session = 0; session < names.length; session++) {
                names[session] = "session-" + session;
            }
        }

        /**
         * Runs at the end of each iteration, because the end of the trial, which compares, comes before that of this
         * state.
         */
        @TearDown(Level.Iteration)
        public void count(Trial trial) {
            trial.logged.add(i - counted);
            counted = i;
        }
    }

    @Benchmark
    public void append(Trial trial, Caller caller) {
        if (trial.sessions > 1) {
            MDC.put(
                    "dreamlake.session",
                    caller.names[ThreadLocalRandom.current().nextInt(trial.sessions)]);
        }
        trial.work.log(trial.run.log, caller.i++);
    }
}
