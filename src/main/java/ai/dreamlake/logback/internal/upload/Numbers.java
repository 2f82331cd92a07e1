package ai.dreamlake.logback.internal.upload;

import java.util.ArrayList;
import java.util.List;

/**
 * The numbers of the records in a batch. As a rule they are consecutive, but other writers may leave gaps or start
 * over. A record without a number is counted, but belongs to no run. Not thread-safe.
 */
final class Numbers {

    /**
     * Numbers that follow one another.
     *
     * @param next one past the last number
     */
    record Run(long first, long next) {}

    private final List<Run> runs = new ArrayList<>();
    private int records;
    private long next;

    /** @param next the expected number of the first record */
    Numbers(long next) {
        this.next = next;
    }

    /** Adds a record. A negative number means that it has none. */
    void add(long number) {
        records++;
        if (number < 0) {
            return;
        }
        if (runs.isEmpty() || number != next) {
            runs.add(new Run(number, number + 1));
        } else {
            int last = runs.size() - 1;
            runs.set(last, new Run(runs.get(last).first(), number + 1));
        }
        next = number + 1;
    }

    int records() {
        return records;
    }

    /** The number that is expected next: one past the last one. */
    long next() {
        return next;
    }

    /** The runs, in the order of the log. A number can be in several runs. */
    List<Run> runs() {
        return runs;
    }
}
