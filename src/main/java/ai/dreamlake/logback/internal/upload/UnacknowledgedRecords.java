package ai.dreamlake.logback.internal.upload;

import java.util.Arrays;

/**
 * The numbers of the records of one session that this appender wrote and the server does not have yet.
 *
 * <p>Numbers arrive in nearly any order, since threads report a record some time after they wrote it. They have gaps,
 * since another appender or process may write to the same session. If there is no room for one more run of consecutive
 * numbers, runs are merged across their gaps. A merged run is pending until all of it is done. Room is made ahead, by
 * {@link #reserve}, for at most {@value #MAX_RUNS} runs (I4). So no other method allocates, and a JVM that is out of
 * memory forgets no record (I6). Not thread-safe.
 */
final class UnacknowledgedRecords {

    private static final int MAX_RUNS = 10_000;
    private static final int FIRST_ROOM = 8;

    /** The runs, in order: where each one begins and ends, and how many of its numbers are this appender's. */
    private long[] firsts = new long[FIRST_ROOM];

    private long[] lasts = new long[FIRST_ROOM];
    private long[] ours = new long[FIRST_ROOM];
    private int runs;

    private long pending;
    private long end;

    /** Whether {@link #reserve} has something to do. */
    boolean isCrowded() {
        return runs > firsts.length / 2 && firsts.length < MAX_RUNS;
    }

    /** Makes room for more runs, if there is little left. */
    void reserve() {
        if (isCrowded()) {
            int room = Math.min(2 * firsts.length, MAX_RUNS);
            long[] moreFirsts = Arrays.copyOf(firsts, room);
            long[] moreLasts = Arrays.copyOf(lasts, room);
            ours = Arrays.copyOf(ours, room);
            lasts = moreLasts;
            firsts = moreFirsts; // last: its length is what counts
        }
    }

    /** Releases the room that is not used. */
    void trim() {
        int room = Math.max(1, runs);
        firsts = Arrays.copyOf(firsts, room);
        lasts = Arrays.copyOf(lasts, room);
        ours = Arrays.copyOf(ours, room);
    }

    /** @param count how many numbers these are, from the first one on */
    void wrote(long number, long count) {
        int next = firstRunAfter(number);
        int previous = next - 1;
        long last = number + count - 1;
        boolean isFull = runs == firsts.length;
        boolean joinsPrevious = previous >= 0 && (lasts[previous] >= number - 1 || isFull);
        boolean joinsNext = next < runs && (firsts[next] <= last + 1 || isFull && !joinsPrevious);
        if (!joinsPrevious && !joinsNext) {
            move(next, next + 1);
            firsts[next] = number;
            lasts[next] = last;
            ours[next] = count;
        } else if (!joinsPrevious) {
            firsts[next] = number;
            lasts[next] = Math.max(lasts[next], last);
            ours[next] += count;
        } else {
            lasts[previous] = Math.max(lasts[previous], last);
            ours[previous] += count;
            if (joinsNext) {
                lasts[previous] = Math.max(lasts[previous], lasts[next]);
                ours[previous] += ours[next];
                move(next + 1, next);
            }
        }
        pending += count;
        end = Math.max(end, number + count);
    }

    private int firstRunAfter(long number) {
        int run = runs;
        while (run > 0 && firsts[run - 1] > number) {
            run--; // numbers come nearly in order, so this ends soon
        }
        return run;
    }

    /** Moves the runs from one place on, to make room or to close a gap. */
    private void move(int from, int to) {
        System.arraycopy(firsts, from, firsts, to, runs - from);
        System.arraycopy(lasts, from, lasts, to, runs - from);
        System.arraycopy(ours, from, ours, to, runs - from);
        runs += to - from;
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
        for (int run = firstRunAfter(next - 1) - 1; run >= 0 && lasts[run] >= first; run--) {
            if (firsts[run] >= first && lasts[run] < next) {
                pending -= ours[run];
                move(run + 1, run);
            } else if (ours[run] == lasts[run] - firsts[run] + 1) {
                cutOut(run, Math.max(first, firsts[run]), Math.min(next, lasts[run] + 1));
            } // else it was merged: it is unknown which of its numbers are ours
        }
        return before - pending;
    }

    /** Removes a part of a run. */
    private void cutOut(int run, long first, long next) {
        long before = first - firsts[run];
        long after = lasts[run] + 1 - next;
        pending -= next - first;
        if (before > 0 && after > 0 && runs == firsts.length) {
            ours[run] = before + after; // no room for two runs, so it becomes a merged one
            return;
        }
        if (before > 0 && after > 0) {
            move(run, run + 1);
        }
        if (after > 0) {
            int end = before > 0 ? run + 1 : run;
            firsts[end] = next;
            ours[end] = after;
        }
        if (before > 0) {
            lasts[run] = first - 1;
            ours[run] = before;
        }
    }

    /** Drops everything below this number, as it will never be done. Returns how many of our records that affects. */
    long dropBelow(long number) {
        long before = pending;
        int done = 0;
        while (done < runs && firsts[done] < number) {
            pending -= ours[done++];
        }
        move(done, 0);
        if (runs == 0) {
            end = 0; // the numbers start again
        }
        return before - pending;
    }

    /** How many records are not done. */
    long pending() {
        return pending;
    }

    boolean isPendingBelow(long number) {
        return runs > 0 && firsts[0] < number;
    }

    /** One past the number of our last record. */
    long end() {
        return end;
    }
}
