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
 * The newest records that a server says it has, to find out whether a batch is among them. A server may keep milliseconds
 * only, so times are compared to the millisecond; therefore records are compared in their order, and only those that came
 * behind the last number that we know of.
 */
final class NewestRecords {

    /** More than a batch, for others may have added records behind it. */
    private static final int OTHERS = 100;

    private final List<JsonNode> newestFirst;
    private final long lastNumber;

    private NewestRecords(List<JsonNode> newestFirst, long lastNumber) {
        this.newestFirst = newestFirst;
        this.lastNumber = lastNumber;
    }

    /** How many records to ask for. */
    static int limit(int batch) {
        return batch + OTHERS;
    }

    /**
     * @param knownEnd the last number of a record that is known to be stored, or -1
     * @return null if the answer is none
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

    /** The last number among them, or -1 if the server does not tell. */
    long lastNumber() {
        return lastNumber;
    }

    /** Whether a batch stands among them, whole. */
    boolean endWith(Batch batch) {
        JsonNode sent = LenientJson.TREES.readTree(batch.body()).path("logs");
        for (int newest = 0; newest + sent.size() <= newestFirst.size(); newest++) {
            if (standsAt(newest, sent)) {
                return true;
            }
        }
        return false;
    }

    private boolean standsAt(int newest, JsonNode sent) {
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

    /** The names alone: a server may well write a number in another way than it got it. */
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
