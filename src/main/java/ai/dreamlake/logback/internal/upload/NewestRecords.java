package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.io.LenientJson;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * The newest records that a server says it has, used to find out whether a batch is among them. A server may keep only
 * milliseconds, so timestamps are compared to the millisecond. To make up for that, records are compared in order, and
 * only those after the last number that we know of.
 */
final class NewestRecords {

    /** How many records to request beyond the batch, as others may have added records after it. */
    private static final int EXTRA = 100;

    private final List<JsonNode> newestFirst;
    private final long lastNumber;

    private NewestRecords(List<JsonNode> newestFirst, long lastNumber) {
        this.newestFirst = newestFirst;
        this.lastNumber = lastNumber;
    }

    /** How many records to request. */
    static int limit(int batchRecords) {
        return batchRecords + EXTRA;
    }

    /**
     * @param knownEnd the last number that the server is known to have, or -1
     * @return null if the body has no list of records
     */
    static @Nullable NewestRecords parse(String body, long knownEnd) {
        try {
            JsonNode logs = LenientJson.TREES.readTree(body).path("logs");
            if (!logs.isArray()) {
                return null;
            }
            List<JsonNode> unknown = new ArrayList<>();
            long last = -1;
            for (JsonNode log : logs) {
                long number = log.path("sequenceNumber").asLong(Long.MAX_VALUE);
                if (number > knownEnd) {
                    unknown.add(log);
                    last = number == Long.MAX_VALUE ? last : Math.max(last, number);
                }
            }
            return new NewestRecords(unknown, last);
        } catch (JacksonException noJson) {
            return null;
        }
    }

    /** The last number among them, or -1 if the server does not report numbers. */
    long lastNumber() {
        return lastNumber;
    }

    /** Whether the whole batch is among them, without gaps. */
    boolean endWith(Batch batch) {
        JsonNode sent = LenientJson.TREES.readTree(batch.body()).path("logs");
        for (int newest = 0; newest + sent.size() <= newestFirst.size(); newest++) {
            if (isAt(newest, sent)) {
                return true;
            }
        }
        return false;
    }

    private boolean isAt(int newest, JsonNode sent) {
        for (int i = 0; i < sent.size(); i++) {
            if (!isSame(newestFirst.get(newest + i), sent.get(sent.size() - 1 - i))) {
                return false;
            }
        }
        return true;
    }

    private static boolean isSame(JsonNode stored, JsonNode sent) {
        return stored.path("message").equals(sent.path("message"))
                && stored.path("level").equals(sent.path("level"))
                && isSameWhereGiven(stored.path("metadata"), sent.path("metadata"))
                && millis(stored.path("timestamp")).equals(millis(sent.path("timestamp")));
    }

    /** Compares only the names: a server may write a number differently than it received it. */
    private static boolean isSameWhereGiven(JsonNode stored, JsonNode sent) {
        return !stored.isObject() || !sent.isObject() || stored.propertyNames().equals(sent.propertyNames());
    }

    private static Object millis(JsonNode timestamp) {
        try {
            Instant instant = OffsetDateTime.parse(timestamp.asString("")).toInstant();
            return instant.truncatedTo(ChronoUnit.MILLIS);
        } catch (DateTimeException noTime) {
            return timestamp;
        }
    }
}
