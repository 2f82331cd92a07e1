package ai.dreamlake.server.http;

import ai.dreamlake.server.store.StoredRecord;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A record as the API returns it:
 *
 * <pre>
 *   {"timestamp": "2025-10-29T10:30:00.000000Z", "level": "info", "message": "Epoch done",
 *    "metadata": {"train_loss": 0.234}, "sequenceNumber": 41, "createdAt": "2025-10-29T10:30:01.250Z"}
 * </pre>
 */
final class RecordJson {

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

    private RecordJson() {}

    static ObjectNode of(StoredRecord record) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("timestamp", time(record.timestamp()));
        json.put("level", record.level().text());
        json.put("message", record.message());
        json.set("metadata", record.metadata()); // null becomes JSON's null
        json.put("sequenceNumber", record.number());
        json.put("createdAt", record.createdAt().truncatedTo(ChronoUnit.MILLIS).toString());
        return json;
    }

    /** In microseconds, always with six digits. */
    static String time(Instant time) {
        return TIME.format(time);
    }

    /** A number; a text if JSON has no such number: {@code "NaN"}, {@code "Infinity"}, {@code "-Infinity"}. */
    static JsonNode number(double value) {
        return Double.isFinite(value)
                ? JsonNodeFactory.instance.numberNode(value)
                : JsonNodeFactory.instance.stringNode(Double.toString(value));
    }
}
