package ai.dreamlake.server.store.sqlite;

import ai.dreamlake.server.store.Level;
import ai.dreamlake.server.store.Metrics;
import ai.dreamlake.server.store.NewRecord;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Records in the form in which they are stored. The caller's thread prepares them, so that the writing thread only
 * writes.
 *
 * @param first the earliest time in microseconds
 * @param last the latest time in microseconds
 */
record Batch(List<Row> rows, Map<Level, Integer> counts, Map<String, Double> metrics, long first, long last) {

    /**
     * A record.
     *
     * @param folded null if the message is plain
     * @param metadata null if there is none
     */
    record Row(long micros, Level level, String message, String folded, String metadata) {}

    static Batch of(List<NewRecord> records) {
        List<Row> rows = new ArrayList<>(records.size());
        Map<Level, Integer> counts = new EnumMap<>(Level.class);
        Map<String, Double> metrics = new LinkedHashMap<>();
        long first = Long.MAX_VALUE;
        long last = Long.MIN_VALUE;
        for (NewRecord record : records) {
            long micros = Times.micros(record.timestamp());
            String folded = Fold.isPlain(record.message()) ? null : Fold.fold(record.message());
            rows.add(new Row(micros, record.level(), record.message(), folded, Json.text(record.metadata())));
            counts.merge(record.level(), 1, Integer::sum);
            if (record.metadata() != null) {
                metrics.putAll(Metrics.of(record.metadata()));
            }
            first = Math.min(first, micros);
            last = Math.max(last, micros);
        }
        return new Batch(rows, counts, metrics, first, last);
    }

    int size() {
        return rows.size();
    }

    int count(Level level) {
        return counts.getOrDefault(level, 0);
    }
}
