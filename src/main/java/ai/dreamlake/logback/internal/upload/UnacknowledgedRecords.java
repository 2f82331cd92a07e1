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
            last = Math.max(last, next.getValue().last);
            ours += next.getValue().ours;
        }
        runs.put(first, new Run(last, ours));
    }

    /** Marks everything below this number as done. Returns how many of our records were pending until now. */
    long doneBelow(long number) {
        return doneBetween(0, number);
    }

    /**
     * Marks some numbers as done, from the first one up to the next one after them. Returns how many of our records
     * were pending until now.
     */
    long doneBetween(long first, long next) {
        long before = pending;
        Map.Entry<Long, Run> overlapping = runs.lowerEntry(next);
        while (overlapping != null && overlapping.getValue().last >= first) {
            long start = overlapping.getKey();
            Run run = overlapping.getValue();
            if (start >= first && run.last < next) {
                runs.remove(start);
                pending -= run.ours;
            } else if (run.ours == run.last - start + 1) {
                runs.remove(start);
                pending -= run.ours;
                keep(start, first - 1);
                keep(next, run.last);
            } // else it was merged: it is unknown which of its numbers are ours
            overlapping = runs.lowerEntry(start);
        }
        return before - pending;
    }

    private void keep(long first, long last) {
        if (first <= last) {
            runs.put(first, new Run(last, last - first + 1));
            pending += last - first + 1;
        }
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
