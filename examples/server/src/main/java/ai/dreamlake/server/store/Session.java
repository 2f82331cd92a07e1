package ai.dreamlake.server.store;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * A session, with totals over its records.
 *
 * @param id unguessable, and without an order
 * @param description null if none was ever given; the same holds for tags, folder and metadata
 * @param end one past the last number that was given to a record
 * @param recordCount how many records are stored; less than {@code end} after old ones were deleted
 * @param levelCounts how many records of each level were ever stored; a level without records is absent
 * @param lastMetrics the newest value of each number in the records' metadata, by its name as in {@link SeriesQuery};
 *     only for the first {@link LogStore#MAX_METRICS} names
 * @param firstRecordAt the earliest timestamp of a record; null if there was none
 * @param lastRecordAt the latest timestamp of a record; null if there was none
 */
public record Session(
        String id,
        String userId,
        String workspace,
        String name,
        String description,
        List<String> tags,
        String folder,
        JsonNode metadata,
        boolean writeProtected,
        long end,
        long recordCount,
        Map<Level, Long> levelCounts,
        Map<String, Double> lastMetrics,
        Instant firstRecordAt,
        Instant lastRecordAt,
        Instant createdAt,
        Instant updatedAt) {}
