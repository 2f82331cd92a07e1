package ai.dreamlake.logback.benchmark;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Nanoseconds per event, over all threads together, until everything is in the file and its lines are counted. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3)
@Measurement(iterations = 5)
public class DrainBenchmark {

    private static final int EVENTS = 480_000;

    @Param
    public Subject subject;

    @Param("KEY_VALUES")
    public Work work;

    @Param({"1", "4", "16"})
    public int callers;

    private Run run;

    @Setup(Level.Invocation)
    public void start() throws IOException {
        run = Run.start(subject, work);
    }

    @Benchmark
    @OperationsPerInvocation(EVENTS)
    public void drain() throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        for (int caller = 0; caller < callers; caller++) {
            threads.add(new Thread(() -> {
                work.prepareThread();
                for (int i = 0; i < EVENTS / callers; i++) {
                    work.log(run.log, i);
                }
            }));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        run.stop();
    }

    @TearDown(Level.Invocation)
    public void count() throws IOException {
        long lines = run.countLines();
        run.delete();
        if (subject != Subject.NOP && lines != EVENTS) {
            throw new IllegalStateException(subject + " lost events: " + EVENTS + " logged, " + lines + " lines");
        }
    }
}
