package ai.dreamlake.server.store.mongo;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** Times in microseconds since 1970. */
final class Times {

    private static final int MICROS_IN_SECOND = 1_000_000;
    private static final int NANOS_IN_MICRO = 1000;
    private static final int MICROS_IN_MILLI = 1000;

    private Times() {}

    static long micros(Instant time) {
        return time.getEpochSecond() * MICROS_IN_SECOND + time.getNano() / NANOS_IN_MICRO;
    }

    /** The first microsecond that is not before the time. */
    static long microsFrom(Instant time) {
        return micros(time) + (time.getNano() % NANOS_IN_MICRO == 0 ? 0 : 1);
    }

    static Instant ofMicros(long micros) {
        return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
    }

    /** The microseconds after the last full millisecond: 0 to 999. */
    static int microsOfMilli(Instant time) {
        return time.getNano() / NANOS_IN_MICRO % MICROS_IN_MILLI;
    }
}
