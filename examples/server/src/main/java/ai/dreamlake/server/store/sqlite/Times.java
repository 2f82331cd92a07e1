package ai.dreamlake.server.store.sqlite;

import java.time.Instant;

/** Times as the file stores them: those of records in microseconds since 1970, all others in milliseconds. */
final class Times {

    private static final long MICROS = 1_000_000;
    private static final int NANOS_IN_MICRO = 1000;

    private Times() {}

    /** The microsecond that contains the time. */
    static long micros(Instant time) {
        return time.getEpochSecond() * MICROS + time.getNano() / NANOS_IN_MICRO;
    }

    /** The first microsecond that is not before the time. */
    static long microsFrom(Instant time) {
        return micros(time) + (time.getNano() % NANOS_IN_MICRO == 0 ? 0 : 1);
    }

    static Instant ofMicros(long micros) {
        return Instant.ofEpochSecond(micros / MICROS, micros % MICROS * NANOS_IN_MICRO);
    }

    /** Null of null. */
    static Instant ofMicrosOrNull(Long micros) {
        return micros == null ? null : ofMicros(micros);
    }

    static Instant ofMillis(long millis) {
        return Instant.ofEpochMilli(millis);
    }
}
