package ai.dreamlake.logback.internal.upload;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Which records of one session this appender wrote and the server does not have yet, by their numbers. Another appender or
 * process may write to the same session, so there are gaps; beyond {@value #MOST_RUNS} runs of numbers the gaps count as
 * ours, for memory is bounded (I4) and a log that two processes share all day is not. Not synchronized.
 */
final class Deliveries {

    private static final int MOST_RUNS = 10_000;

    /** The first and the last number of a run. */
    private static final class Run {
        long first;
        long last;
    }

    private final Deque<Run> runs = new ArrayDeque<>();
    private long pending;

    void wrote(long number) {
        Run newest = runs.peekLast();
        if (newest != null && number >= newest.first && (number <= newest.last + 1 || runs.size() == MOST_RUNS)) {
            pending += Math.max(0, number - newest.last);
            newest.last = Math.max(newest.last, number);
            return;
        }
        Run run = new Run();
        run.first = number;
        run.last = number;
        runs.addLast(run);
        pending++;
    }

    /** Everything below this number is done with. Returns how many of our records that are. */
    long doneBelow(long number) {
        long before = pending;
        while (!runs.isEmpty() && runs.peekFirst().first < number) {
            Run oldest = runs.peekFirst();
            long done = Math.min(number, oldest.last + 1) - oldest.first;
            pending -= done;
            oldest.first += done;
            if (oldest.first > oldest.last) {
                runs.removeFirst();
            }
        }
        return before - pending;
    }

    long pending() {
        return pending;
    }

    boolean isPendingBelow(long number) {
        return !runs.isEmpty() && runs.peekFirst().first < number;
    }

    /** The number behind our last record, or 0 if all is done. */
    long end() {
        return runs.isEmpty() ? 0 : runs.peekLast().last + 1;
    }
}
