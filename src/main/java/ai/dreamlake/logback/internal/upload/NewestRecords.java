package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.io.LenientJson;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Finds out whether a server has a batch, from the newest records that it returns. They come page by page, since no
 * answer is read beyond {@link DreamlakeClient#MAX_RESPONSE_BYTES}. A server may keep only milliseconds, so timestamps
 * are compared to the millisecond. To make up for that, records are compared in order, and only those after the last
 * known number.
 */
final class NewestRecords {

    /** How many records to look at beyond the batch, as others may have added records after it. */
    private static final int EXTRA = 100;

    /** How many bytes a server may add to a record: an id, a number, times. */
    private static final int MAX_ADDED_BYTES = 300;

    private static final long NO_NUMBER = Long.MAX_VALUE;

    private final JsonNode sent;
    private final long knownEnd;
    private final int pageSize;
    private final List<JsonNode> newestFirst = new ArrayList<>();
    private long lastNumber = -1;

    /** The lowest number on the pages so far. */
    private long lowest = NO_NUMBER;

    private int shown;
    private boolean sawAll;
    private boolean found;

    /**
     * @param batch one that can be sent
     * @param knownEnd the last number that the server is known to have assigned, or -1
     */
    NewestRecords(Batch batch, long knownEnd) {
        this.sent = LenientJson.TREES.readTree(batch.body()).path("logs");
        this.knownEnd = knownEnd;
        int average = batch.body().length / batch.records() + MAX_ADDED_BYTES;
        this.pageSize = (int) Math.max(1, DreamlakeClient.MAX_RESPONSE_BYTES / 2 / average);
    }

    /** Whether another page may decide. */
    boolean wantsMore() {
        return !found && !sawAll && shown < sent.size() + EXTRA;
    }

    /** The maximum number of records in the next page. */
    int limit() {
        return Math.min(pageSize, sent.size() + EXTRA - shown);
    }

    /** How many records the previous pages had. */
    int offset() {
        return shown;
    }

    /**
     * Adds a page.
     *
     * @return false if it is unusable: then the server cannot say whether it has the batch
     */
    boolean add(String body) {
        try {
            JsonNode answer = LenientJson.TREES.readTree(body);
            JsonNode logs = answer.path("logs");
            if (!logs.isArray()) {
                return false;
            }
            boolean hasMore = answer.path("hasMore").asBoolean(logs.size() >= limit());
            sawAll = logs.isEmpty() || !hasMore;
            long lowestHere = lowest;
            boolean isNew = logs.isEmpty();
            for (JsonNode log : logs) {
                long number = log.path("sequenceNumber").asLong(NO_NUMBER);
                if (shown > 0 && number >= lowest) {
                    continue; // seen before: others have added records meanwhile, which shifted the pages
                }
                isNew = true;
                lowestHere = Math.min(lowestHere, number);
                if (number > knownEnd) {
                    newestFirst.add(log);
                    lastNumber = number == NO_NUMBER ? lastNumber : Math.max(lastNumber, number);
                } else {
                    sawAll = true; // the records that follow are older
                }
            }
            if (!isNew) {
                return false; // the same page again, or the server does not number records
            }
            shown += logs.size();
            lowest = lowestHere;
        } catch (JacksonException noJson) {
            return false;
        }
        found = containsBatch();
        return true;
    }

    /** The last number among them, or -1 if the server does not report numbers. */
    long lastNumber() {
        return lastNumber;
    }

    /** Whether the whole batch is among them, without gaps. */
    boolean haveBatch() {
        return found;
    }

    private boolean containsBatch() {
        for (int newest = 0; newest + sent.size() <= newestFirst.size(); newest++) {
            if (isBatchAt(newest)) {
                return true;
            }
        }
        return false;
    }

    private boolean isBatchAt(int newest) {
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

    /** Compares only the fields' names: a server may write a number differently than it received it. */
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
