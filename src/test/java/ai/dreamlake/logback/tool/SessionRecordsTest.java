package ai.dreamlake.logback.tool;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.internal.journal.LogSnapshot;
import ai.dreamlake.logback.internal.journal.SessionDirectory;
import ai.dreamlake.logback.support.SessionOnDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads our lines, those of Python and damaged ones as records with flat metadata. */
class SessionRecordsTest {

    private static final int LONG = 1 << 20;

    @TempDir
    Path root;

    private final List<FlatRecord> records = new ArrayList<>();
    private long read;

    private SessionRecords.Skipped read(String log, int maxLine) throws IOException {
        SessionOnDisk files = SessionOnDisk.of(root, "project", "run");
        files.write(files.log(), log);
        LogSnapshot snapshot = LogSnapshot.of(new SessionDirectory(files.directory()));
        return SessionRecords.read(snapshot, maxLine, records::add, bytes -> read += bytes);
    }

    private FlatRecord only(String line) throws IOException {
        assertThat(read(line + "\n", LONG).isNothing()).isTrue();
        assertThat(records).hasSize(1);
        return records.get(0);
    }

    @Test
    void ourLineBecomesARecord() throws IOException {
        FlatRecord record = only("{\"timestamp\": \"2025-10-29T10:30:05.250000Z\", \"level\": \"warn\","
                + " \"message\": \"Épöch 1\", \"metadata\": {\"loss\": 0.10, \"big\": 123456789012345678901234567890},"
                + " \"sequenceNumber\": 7}");
        assertThat(record.number()).isEqualTo(7);
        assertThat(record.level()).isEqualTo("warn");
        assertThat(record.message()).isEqualTo("Épöch 1");
        assertThat(record.seconds()).isEqualTo(1761733805.25);
        assertThat(record.metadata().values())
                .extracting(FieldValue::text)
                .containsExactly("0.10", "123456789012345678901234567890");
    }

    @Test
    void aLineOfPythonMayHaveFieldsInAnotherOrderAndNumbersThatJsonDoesNotAllow() throws IOException {
        FlatRecord record = only("{\"sequenceNumber\": 3, \"timestamp\": \"2025-10-29T10:30:05Z\", \"level\": \"info\","
                + " \"message\": 5, \"metadata\": {\"loss\": NaN, \"worst\": -Infinity, \"ours\": \"Infinity\"}}");
        assertThat(record.message()).isEqualTo("5");
        assertThat(record.metadata().values())
                .extracting(FieldValue::number)
                .containsExactly(Double.NaN, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);
    }

    @Test
    void nestedMetadataIsJoinedByDotsAndArraysStayJson() throws IOException {
        FlatRecord record = only("{\"metadata\": {\"a\": {\"b\": {\"c\": true}}, \"list\": [1, {\"x\": null}],"
                + " \"none\": null, \"empty\": {}, \"text\": \"1.5\"}}");
        assertThat(record.metadata())
                .containsExactly(
                        entry("a.b.c", new FieldValue(FieldValue.Kind.BOOLEAN, "true")),
                        entry("list", new FieldValue(FieldValue.Kind.JSON, "[1,{\"x\":null}]")),
                        entry("none", new FieldValue(FieldValue.Kind.NULL, "null")),
                        entry("text", new FieldValue(FieldValue.Kind.TEXT, "1.5")));
        assertThat(record.metadata().get("text").number()).isNull();
    }

    @Test
    void deeplyNestedMetadataTakesLittleMemory() throws IOException {
        int depth = 100_000;
        FlatRecord record = only("{\"metadata\": " + "{\"a\": ".repeat(depth) + "1" + "}".repeat(depth) + "}");
        assertThat(record.metadata()).hasSize(1);
        assertThat(record.metadata().keySet().iterator().next()).hasSizeLessThan(100);
    }

    @Test
    void aRecordWithoutAUsableNumberGetsTheNumberAfterThePreviousRecord() throws IOException {
        read(
                "{\"sequenceNumber\": 40}\n{\"message\": \"x\"}\n{\"sequenceNumber\": -3}\n"
                        + "{\"sequenceNumber\": 99999999999999999999999}\n{\"sequenceNumber\": \"7\"}\n",
                LONG);
        assertThat(records).extracting(FlatRecord::number).containsExactly(40L, 41L, 42L, 43L, 44L);
    }

    @Test
    void linesThatAreNotRecordsAreCountedAndReadingGoesOn() throws IOException {
        SessionRecords.Skipped skipped =
                read("{\"message\": \"a\"}\nno JSON\n\n[1]\n{\"message\": \"b\"}\r\n{\"message\": \"torn\"", LONG);
        assertThat(records).extracting(FlatRecord::message).containsExactly("a", "b");
        assertThat(skipped).isEqualTo(new SessionRecords.Skipped(4, 0));
    }

    @Test
    void anOverlongLineIsSkippedAndCounted() throws IOException {
        String log = "{\"message\": \"" + "x".repeat(500_000) + "\"}\n{\"message\": \"after it\"}\n";
        assertThat(read(log, 100_000)).isEqualTo(new SessionRecords.Skipped(0, 1));
        assertThat(records).extracting(FlatRecord::message).containsExactly("after it");
    }
}
