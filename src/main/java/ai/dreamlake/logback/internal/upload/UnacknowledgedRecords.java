package ai.dreamlake.logback.internal.upload;

import java.util.Map;
import java.util.TreeMap;

/**
 * Which records of one session this appender wrote and the server does not have yet, by their numbers. They come in nearly
 * any order, for threads that wrote a record tell so when they get to it; and with gaps, for another appender or process may
 * write to the same session. Beyond {@value #MAX_RUNS} runs of numbers, runs are joined over their gaps, for memory is
 * bounded (I4); a joined run counts as pending until all of it is done. Not synchronized.
 */
final class UnacknowledgedRecords {

    private static final int MAX_RUNS = 10_000;

    /**
     * The end of a run.
     *
     * @param last its last number
     * @param ours how many of its numbers are ours
     */
    private record Run(long last, long ours) {}

    /** By their first numbers. */
    private final TreeMap<Long, Run> runs = new TreeMap<>();

    private long pending;
    private long end;

    void wrote(long number) {
        pending++;
        end = Math.max(end, number + 1);
        Map.Entry<Long, Run> before = runs.floorEntry(number);
        Map.Entry<Long, Run> behind = runs.higherEntry(number);
        boolean isFull = runs.size() >= MAX_RUNS;
        long first = number;
        long last = number;
        long ours = 1;
        if (before != null && (before.getValue().last >= number - 1 || isFull)) {
            first = before.getKey();
            last = Math.max(last, before.getValue().last);
            ours += before.getValue().ours;
        }
        if (behind != null && (behind.getKey() <= last + 1 || isFull && first == number)) {
            runs.remove(behind.getKey());
            last = behind.getValue().last;
            ours += behind.getValue().ours;
        }
        runs.put(first, new Run(last, ours));
    }

    /** Everything below this number is done with. Returns how many of our records that are. */
    long doneBelow(long number) {
        long before = pending;
        while (!runs.isEmpty() && runs.firstKey() < number) {
            Map.Entry<Long, Run> oldest = runs.firstEntry();
            long first = oldest.getKey();
            Run run = oldest.getValue();
            if (run.last < number) {
                runs.remove(first);
                pending -= run.ours;
            } else if (run.ours == run.last - first + 1) {
                runs.remove(first);
                runs.put(number, new Run(run.last, run.last - number + 1));
                pending -= number - first;
            } else {
                break; // joined: nobody knows which of its numbers are ours
            }
        }
        return before - pending;
    }

    /** No record that has a number below this one will ever be done. Returns how many of ours are given up so. */
    long giveUpBelow(long number) {
        long before = pending;
        while (!runs.isEmpty() && runs.firstKey() < number) {
            pending -= runs.pollFirstEntry().getValue().ours;
        }
        if (runs.isEmpty()) {
            end = 0; // numbers begin anew
        }
        return before - pending;
    }

    /** How many are not done. */
    long pending() {
        return pending;
    }

    boolean isPendingBelow(long number) {
        return !runs.isEmpty() && runs.firstKey() < number;
    }

    /** The number behind our last record. */
    long end() {
        return end;
    }
}
