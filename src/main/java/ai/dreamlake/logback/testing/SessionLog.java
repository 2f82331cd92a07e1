package ai.dreamlake.logback.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The log of one session on disk. */
final class SessionLog {

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
    private static final TypeReference<LinkedHashMap<String, Object>> METADATA = new TypeReference<>() {};

    private final Path file;

    /** @param session the session's directory */
    SessionLog(Path session) {
        this.file = session.resolve("logs").resolve("logs.jsonl");
    }

    /** Whether the directory belongs to a session with a log. */
    boolean exists() {
        return Files.exists(file);
    }

    /** The records that are there now. A last line without its end is still being written, and is left out. */
    List<DreamlakeRecord> records() throws IOException {
        List<DreamlakeRecord> records = new ArrayList<>();
        String text = text();
        int start = 0;
        for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
            records.add(record(text.substring(start, end)));
            start = end + 1;
        }
        return records;
    }

    private String text() throws IOException {
        return exists() ? Files.readString(file) : "";
    }

    private DreamlakeRecord record(String line) {
        try {
            JsonNode record = JSON.readTree(line);
            return new DreamlakeRecord(
                    Instant.parse(record.path("timestamp").stringValue()),
                    record.path("level").stringValue(),
                    record.path("message").stringValue(),
                    metadata(record.path("metadata")),
                    record.path("sequenceNumber").longValue());
        } catch (JacksonException | DateTimeParseException other) {
            throw new AssertionError("not a record, in " + file + ": " + line, other);
        }
    }

    private static Map<String, Object> metadata(JsonNode metadata) {
        return metadata.isNull() || metadata.isMissingNode() ? Map.of() : JSON.treeToValue(metadata, METADATA);
    }

    /** What is wrong with the log of a session that nobody writes to any more; null if it is gapless. */
    @Nullable
    String fault() throws IOException {
        String text = text();
        if (!text.isEmpty() && !text.endsWith("\n")) {
            return "its last line does not end: " + text.substring(text.lastIndexOf('\n') + 1);
        }
        List<DreamlakeRecord> records = records();
        for (int i = 0; i < records.size(); i++) {
            long number = records.get(i).sequenceNumber();
            if (number != i) {
                return "line " + (i + 1) + " has the sequence number " + number + " instead of " + i;
            }
        }
        return null;
    }
}
