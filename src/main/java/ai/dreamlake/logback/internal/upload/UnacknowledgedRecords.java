package ai.dreamlake.logback.internal.upload;

import java.util.Map;
import java.util.TreeMap;

/**
 * The numbers of the records of one session that this appender wrote and the server does not have yet.
 *
 * <p>Numbers arrive in nearly any order, since threads report a record some time after they wrote it. They have gaps,
 * since another appender or process may write to the same session. Above {@value #MAX_RUNS} runs of consecutive
 * numbers, runs are merged across their gaps, to bound memory (I4). A merged run is pending until all of it is done.
 * Not thread-safe.
 */
final class UnacknowledgedRecords {

    private static final int MAX_RUNS = 10_000;

    /**
     * A run of numbers, without its first one.
     *
     * @param last its last number
     * @param ours how many of its numbers are this appender's
     */
    private record Run(long last, long ours) {}

    /** Keyed by their first numbers. */
    private final TreeMap<Long, Run> runs = new TreeMap<>();

    private long pending;
    private long end;

    /** @param count how many numbers these are, from the first one on */
    void wrote(long number, long count) {
        pending += count;
        end = Math.max(end, number + count);
        Map.Entry<Long, Run> previous = runs.floorEntry(number);
        Map.Entry<Long, Run> next = runs.higherEntry(number);
        boolean isFull = runs.size() >= MAX_RUNS;
        long first = number;
        long last = number + count - 1;
        long ours = count;
        if (previous != null && (previous.getValue().last >= number - 1 || isFull)) {
            first = previous.getKey();
            last = Math.max(last, previous.getValue().last);
            ours += previous.getValue().ours;
        }
        if (next != null && (next.getKey() <= last + 1 || isFull && first == number)) {
            runs.remove(next.getKey());
            last = next.getValue().last;
            ours += next.getValue().ours;
        }
        runs.put(first, new Run(last, ours));
    }

    /** Marks everything below this number as done. Returns how many of our records were pending until now. */
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
                break; // merged: it is unknown which of its numbers are ours
            }
        }
        return before - pending;
    }

    /**
     * Gives up everything below this number, as it will never be done. Returns how many of our records that affects.
     */
    long giveUpBelow(long number) {
        long before = pending;
        while (!runs.isEmpty() && runs.firstKey() < number) {
            pending -= runs.pollFirstEntry().getValue().ours;
        }
        if (runs.isEmpty()) {
            end = 0; // the numbers start again
        }
        return before - pending;
    }

    /** How many records are not done. */
    long pending() {
        return pending;
    }

    boolean isPendingBelow(long number) {
        return !runs.isEmpty() && runs.firstKey() < number;
    }

    /** One past the number of our last record. */
    long end() {
        return end;
    }
}
