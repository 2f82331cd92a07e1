package ai.dreamlake.logback.internal.record;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collections;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A record over the limit is visibly cut and stays valid JSON. */
class LongRecordsTest {

    private static final int LIMIT = 8 * 1024;

    private final TestEvent event = new TestEvent();

    private JsonNode encode(int limit) {
        RecordSettings settings = new RecordSettings();
        RecordBuffer buffer = new RecordBuffer();
        new RecordEncoder(settings, limit, Set.of()).encode(event, buffer);
        String line = new String(buffer.bytes(), 0, buffer.length(), UTF_8) + "9223372036854775807}\n";
        assertThat(line.getBytes(UTF_8).length).as("the whole line").isLessThanOrEqualTo(limit);
        return new JsonMapper().readTree(line);
    }

    @Test
    void aMessageOfTenMegabytesLeavesRoomForTheMetadata() {
        event.message = "m".repeat(10_000_000);
        event.keyValue("epoch", 5);

        JsonNode record = encode(LIMIT);

        assertThat(record.get("message").stringValue()).startsWith("mmm").endsWith("mmm… [cut: 10000000 characters]");
        assertThat(record.get("message").stringValue().length()).isGreaterThan(LIMIT / 3);
        assertThat(record.get("metadata").get("epoch").asInt()).isEqualTo(5);
    }

    @Test
    void aHugeTextLeavesTheMessageAndTheOtherEntriesWhole() {
        event.keyValue("before", 1);
        event.keyValue("huge", "\n".repeat(1_000_000));
        event.keyValue("after", 2);

        JsonNode record = encode(LIMIT);

        assertThat(record.get("message").stringValue()).isEqualTo("Training started");
        assertThat(record.get("metadata").get("before").asInt()).isEqualTo(1);
        assertThat(record.get("metadata").get("huge").stringValue()).endsWith("\n… [cut: 1000000 characters]");
        assertThat(record.get("metadata").get("after").asInt()).isEqualTo(2);
    }

    @Test
    void aHugeStructureIsReplacedByANote() {
        event.keyValue("huge", Collections.nCopies(Integer.MAX_VALUE, "x"));
        event.keyValue("after", 2);

        JsonNode metadata = encode(LIMIT).get("metadata");

        assertThat(metadata.get("huge").stringValue()).isEqualTo("[cut: longer than the record may be]");
        assertThat(metadata.get("after").asInt()).isEqualTo(2);
    }

    @Test
    void entriesThatDoNotFitAreCounted() {
        for (int i = 0; i < 3000; i++) {
            event.keyValue("key-" + i, i);
        }
        JsonNode metadata = encode(LIMIT).get("metadata");

        int kept = metadata.size() - 1;
        assertThat(kept).isGreaterThan(100);
        assertThat(metadata.get("key-0").asInt()).isZero();
        assertThat(metadata.get("dreamlake_cut").stringValue()).isEqualTo((3000 - kept) + " entries left out");
    }

    @Test
    void ourEntryReplacesOneOfTheApplicationWithTheSameName() {
        event.keyValue("dreamlake_cut", "the application's own")
                .keyValue("huge", "x".repeat(100_000))
                .keyValue("k".repeat(9000), 1);
        assertThat(encode(LIMIT).get("metadata").get("dreamlake_cut").stringValue())
                .isEqualTo("2 entries left out");
    }

    @Test
    void aKeyThatIsLongerThanTheRecordIsLeftOut() {
        event.keyValue("k".repeat(1_000_000), 1);
        assertThat(encode(LIMIT).get("metadata").toString()).isEqualTo("{\"dreamlake_cut\":\"1 entries left out\"}");
    }

    @Test
    void aRecordThatJustFitsIsNotCut() {
        int overhead =
                "{\"timestamp\": \"2025-10-29T10:30:00.000000Z\", \"level\": \"info\", \"message\": \"\", \"metadata\": null, \"sequenceNumber\": 9223372036854775807}\n"
                        .length();
        event.message = "m".repeat(LIMIT - overhead);
        assertThat(encode(LIMIT).get("message").stringValue()).isEqualTo("m".repeat(LIMIT - overhead));

        event.message = "m".repeat(LIMIT - overhead + 1);
        assertThat(encode(LIMIT).get("message").stringValue()).contains("[cut: ");
    }

    @Test
    void whateverIsTooLongTheLineFitsAndIsValid() {
        Random random = new Random(11);
        String[] texts = {"x", "\u2028", "é", "\ud83d\ude00", "\"", "\ud800"};
        for (int i = 0; i < 500; i++) {
            TestEvent next = new TestEvent();
            next.mdc.put("user", texts[random.nextInt(6)].repeat(random.nextInt(3000)));
            next.message = texts[random.nextInt(6)].repeat(random.nextInt(3000));
            for (int count = random.nextInt(6); count > 0; count--) {
                Object value = texts[random.nextInt(6)].repeat(random.nextInt(3000));
                next.keyValue(
                        texts[random.nextInt(6)].repeat(random.nextInt(40)),
                        random.nextBoolean() ? value : Map.of("v", value));
            }
            RecordSettings settings = new RecordSettings();
            int limit = 1024 + random.nextInt(4096);
            RecordBuffer buffer = new RecordBuffer();
            new RecordEncoder(settings, limit, Set.of()).encode(next, buffer);
            assertThat(buffer.length() + 21).isLessThanOrEqualTo(limit);
            new JsonMapper().readTree(new String(buffer.bytes(), 0, buffer.length(), UTF_8) + "1}");
        }
    }
}
