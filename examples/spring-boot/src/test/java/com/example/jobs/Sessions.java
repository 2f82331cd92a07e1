package com.example.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The sessions under a local path, read from disk. */
record Sessions(Path localPath) {

    private static final JsonMapper JSON = new JsonMapper();

    /** The records of a session; their numbers must be 0, 1, 2 … */
    List<JsonNode> records(String session) throws IOException {
        Path log = localPath.resolve(session).resolve("logs/logs.jsonl");
        List<JsonNode> records;
        try (Stream<String> lines = Files.lines(log)) {
            records = lines.map(JSON::readTree).toList();
        }
        for (int i = 0; i < records.size(); i++) {
            assertThat(records.get(i).get("sequenceNumber").longValue()).isEqualTo(i);
        }
        return records;
    }

    List<String> messages(String session) throws IOException {
        return records(session).stream()
                .map(record -> record.get("message").stringValue())
                .toList();
    }

    JsonNode description(String session) {
        return JSON.readTree(localPath.resolve(session).resolve("session.json").toFile());
    }
}
