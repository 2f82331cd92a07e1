package ai.dreamlake.server.http;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Limits the request rate of each client: an average number per second, with bursts of {@value #BURST_SECONDS} seconds'
 * worth.
 *
 * <p>Thread-safe.
 */
final class RequestRate {

    private static final int BURST_SECONDS = 5;

    /** Beyond this number of clients, the one not seen for the longest time is forgotten. */
    private static final int MAX_CLIENTS = 10_000;

    private static final double SECOND = TimeUnit.SECONDS.toNanos(1);

    private final int perSecond;

    /** Guarded by this. */
    private final Map<String, Allowance> allowances = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Allowance> eldest) {
            return size() > MAX_CLIENTS;
        }
    };

    /**
     * What a client may still do.
     *
     * @param requests how many requests
     * @param nanos the time for which this holds
     */
    private record Allowance(double requests, long nanos) {}

    /** @param perSecond 0 for no limit */
    RequestRate(int perSecond) {
        this.perSecond = perSecond;
    }

    /**
     * Asks for permission for one request.
     *
     * @param who a user, or an address
     * @param nanos the time, from {@link System#nanoTime}
     * @return 0 if the request is permitted; else after how many seconds it is
     */
    synchronized int waitSeconds(String who, long nanos) {
        if (perSecond == 0) {
            return 0;
        }
        double most = (double) perSecond * BURST_SECONDS;
        Allowance before = allowances.getOrDefault(who, new Allowance(most, nanos));
        double now = Math.min(most, before.requests() + perSecond * (nanos - before.nanos()) / SECOND);
        boolean isAllowed = now >= 1;
        allowances.put(who, new Allowance(isAllowed ? now - 1 : now, nanos));
        return isAllowed ? 0 : (int) Math.ceil((1 - now) / perSecond);
    }
}
