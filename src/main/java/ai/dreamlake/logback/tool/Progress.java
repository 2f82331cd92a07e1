package ai.dreamlake.logback.tool;

import java.io.Console;
import java.util.concurrent.TimeUnit;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** A progress bar on standard error, if that is a terminal and the work takes longer than a second. Thread-safe. */
final class Progress implements AutoCloseable {

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final String task;
    private final boolean isShown = isTerminal();
    private final long start = System.nanoTime();

    // Guarded by this.
    private long total;
    private long done;
    private @Nullable ProgressBar bar;

    /** @param total how many bytes there are to process */
    Progress(String task, long total) {
        this.task = task;
        this.total = total;
    }

    /** Whether there is a terminal. */
    @SuppressWarnings("SystemConsoleNull") // see below
    static boolean isTerminal() {
        Console console = System.console();
        if (console == null) {
            return false;
        }
        try {
            // Since Java 22 there is a console even without a terminal.
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (ReflectiveOperationException before22) {
            return true;
        }
    }

    /**
     * Adds to the bytes that are done.
     *
     * @param bytes how many more are done; if negative, how many more there are to process than was known
     */
    synchronized void step(long bytes) {
        done += Math.max(0, bytes);
        total = Math.max(total + Math.max(0, -bytes), done);
        if (!isShown) {
            return;
        }
        if (bar == null && System.nanoTime() - start > PATIENCE_NANOS) {
            bar = new ProgressBarBuilder()
                    .setTaskName(task)
                    .setInitialMax(total)
                    .setUnit(" MB", 1 << 20)
                    .setStyle(ProgressBarStyle.ASCII)
                    .setConsumer(new ConsoleProgressBarConsumer(System.err))
                    .build();
        }
        if (bar != null) {
            bar.maxHint(total);
            bar.stepTo(done);
        }
    }

    @Override
    public synchronized void close() {
        if (bar != null) {
            bar.close();
        }
    }
}
