package ai.dreamlake.logback.internal.record;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;

/** The buffer for one record, and the encoder's state while it writes. Reusable, by one thread at a time. */
public final class RecordBuffer extends JsonBuffer {

    private static final DateTimeFormatter SECOND =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.").withZone(ZoneOffset.UTC);

    /** The metadata keys written so far. */
    final List<String> keys = new ArrayList<>();

    /** Whether to cut long values, because the whole record did not fit. */
    boolean cutting;

    /** How many metadata entries did not fit at all. */
    int leftOut;

    private long second = Long.MIN_VALUE;
    private byte[] secondText = {};

    void clear() {
        cutTo(0);
        keys.clear();
        cutting = false;
        leftOut = 0;
    }

    /**
     * Writes {@code 2025-10-29T10:30:00.000000Z}: always UTC, always six fractional digits, so that it sorts as text.
     */
    void timestamp(Instant instant) {
        if (instant.getEpochSecond() != second) {
            secondText = SECOND.format(instant).getBytes(StandardCharsets.US_ASCII);
            second = instant.getEpochSecond();
        }
        raw(secondText);
        digits(instant.getNano() / 1000, 6);
        raw('Z');
    }
}
