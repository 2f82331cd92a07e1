package ai.dreamlake.server.http;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A limit for all clients together, and a smaller one for each of them.
 *
 * <p>Thread-safe.
 */
final class Shares {

    private final int mostOfEach;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition isGivenBack = lock.newCondition();

    /** Guarded by the lock, as are the amounts that each client has. */
    private int free;

    private final Map<String, Integer> taken = new HashMap<>();

    Shares(int all, int mostOfEach) {
        this.free = all;
        this.mostOfEach = mostOfEach;
    }

    /**
     * Takes an amount.
     *
     * @param waitSeconds how long to wait until there is enough; 0: does not wait
     * @return whether the amount was taken
     */
    boolean take(String who, int amount, int waitSeconds) throws InterruptedException {
        long left = TimeUnit.SECONDS.toNanos(waitSeconds);
        lock.lockInterruptibly();
        try {
            while (amount > free || amount > mostOfEach - taken.getOrDefault(who, 0)) {
                if (left <= 0) {
                    return false;
                }
                left = isGivenBack.awaitNanos(left);
            }
            free -= amount;
            taken.merge(who, amount, Integer::sum);
            return true;
        } finally {
            lock.unlock();
        }
    }

    void giveBack(String who, int amount) {
        lock.lock();
        try {
            free += amount;
            taken.computeIfPresent(who, (same, before) -> before == amount ? null : before - amount);
            isGivenBack.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
