package com.example.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The files of a session that nobody writes any more, with checks of their format. */
record SessionFiles(Path directory) {

    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /** The records. Checks that they are complete, in the documented form, and numbered 0, 1, 2, … */
    List<JsonNode> records() throws IOException {
        String text = Files.readString(directory.resolve("logs/logs.jsonl"));
        assertThat(text).endsWith("\n");
        List<JsonNode> records = new ArrayList<>();
        for (String line : text.split("\n")) {
            JsonNode record = JSON.readTree(line);
            assertThat(record.propertyNames())
                    .containsExactly("timestamp", "level", "message", "metadata", "sequenceNumber");
            assertThat(record.get("timestamp").stringValue())
                    .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z");
            assertThat(record.get("level").stringValue()).isIn("debug", "info", "warn", "error", "fatal");
            assertThat(record.get("message").isString()).isTrue();
            assertThat(record.get("metadata").isNull() || record.get("metadata").isObject())
                    .isTrue();
            assertThat(record.get("sequenceNumber").longValue()).isEqualTo(records.size());
            records.add(record);
        }
        assertThat(Files.readString(directory.resolve("logs/.log_sequence")).strip())
                .matches("0*" + records.size());
        assertThat(JSON.readTree(Files.readString(directory.resolve("session.json")))
                        .propertyNames())
                .contains("name", "workspace", "created_at");
        assertNothingWaits();
        return records;
    }

    List<String> messages() throws IOException {
        return records().stream()
                .map(record -> record.get("message").stringValue())
                .toList();
    }

    /** A tail is a line about the write, followed by the waiting records, if there are any. */
    private void assertNothingWaits() throws IOException {
        try (Stream<Path> files = Files.list(directory.resolve("logs"))) {
            for (Path tail : files.filter(file -> file.getFileName().toString().startsWith("logs.jsonl.tail"))
                    .toList()) {
                assertThat(Files.readAllLines(tail).stream().skip(1)).allMatch(String::isBlank);
            }
        }
    }
}
