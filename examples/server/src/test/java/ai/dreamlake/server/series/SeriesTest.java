package ai.dreamlake.server.series;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.server.store.Description;
import ai.dreamlake.server.store.Level;
import ai.dreamlake.server.store.LogStore;
import ai.dreamlake.server.store.NewRecord;
import ai.dreamlake.server.store.sqlite.SqliteStore;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Lines through sessions in a real store. */
class SeriesTest {

    private static final JsonMapper JSON = new JsonMapper();

    @TempDir
    Path data;

    private LogStore store;
    private Series series;
    private String session;
    private Instant now = Instant.parse("2025-10-29T10:30:00Z");

    @BeforeEach
    void open() {
        store = new SqliteStore(data);
        series = new Series(store, () -> now, false);
        session = store.upsert("1", "w", Description.named("s")).session().id();
    }

    @AfterEach
    void close() {
        store.close();
    }

    /** Appends records that are a second apart. */
    private void append(String... metadata) {
        List<NewRecord> batch = new ArrayList<>();
        Instant start = Instant.parse("2025-10-29T10:30:00Z").plusSeconds(store.end(session));
        for (String one : metadata) {
            batch.add(new NewRecord(
                    start.plusSeconds(batch.size()),
                    Level.INFO,
                    "m",
                    one == null ? null : (ObjectNode) JSON.readTree(one)));
        }
        store.append("1", session, null, batch);
    }

    private List<String> line(String axis) {
        return series.line(session, "loss", axis, 100).points().stream()
                .map(point -> point.at().number() + ": " + point.at().x() + ", " + point.value())
                .toList();
    }

    @Test
    void aLineHasTheValueOfEachRecordThatHasOne() {
        append("{\"loss\": 0.5}", null, "{\"other\": 1}", "{\"loss\": \"NaN\"}", "{\"loss\": 0.25}");
        assertThat(line(Series.BY_NUMBER)).containsExactly("0: NaN, 0.5", "3: NaN, NaN", "4: NaN, 0.25");
        assertThat(line(Series.BY_TIME)).hasSize(3);
    }

    @Test
    void anotherValueCanBeTheAxisAndRecordsWithoutItAreLeftOut() {
        append(
                "{\"loss\": 0.5, \"epoch\": 1}",
                "{\"loss\": 0.4}",
                "{\"loss\": 0.3, \"epoch\": \"Infinity\"}",
                "{\"loss\": 0.2, \"epoch\": 0}");
        assertThat(line("epoch")).as("in the order of the records").containsExactly("0: 1.0, 0.5", "3: 0.0, 0.2");
    }

    @Test
    void aCachedLineGrowsByNewRecords() {
        append("{\"loss\": 0.5}");
        assertThat(line(Series.BY_NUMBER)).hasSize(1);
        append("{\"loss\": 0.4}", "{}");
        assertThat(line(Series.BY_NUMBER)).containsExactly("0: NaN, 0.5", "1: NaN, 0.4");
        Line line = series.line(session, "loss", Series.BY_NUMBER, 100);
        assertThat(line.count()).isEqualTo(2);
        assertThat(line.end()).isEqualTo(3);
    }

    @Test
    void aPointOfADeletedRecordIsForgottenWithinAnHourIfRecordsAreDeleted() {
        Series forgetful = new Series(store, () -> now, true);
        append("{\"loss\": 0.5}", "{\"loss\": 0.4}");
        assertThat(forgetful.line(session, "loss", Series.BY_NUMBER, 100).count())
                .isEqualTo(2);
        assertThat(line(Series.BY_NUMBER)).hasSize(2);
        store.deleteOlderThan(Instant.now().plusSeconds(60), 1);
        now = now.plus(Series.MAX_CACHED).minusMillis(1);
        assertThat(forgetful.line(session, "loss", Series.BY_NUMBER, 100).count())
                .isEqualTo(2);
        now = now.plusMillis(1);
        assertThat(forgetful.line(session, "loss", Series.BY_NUMBER, 100).count())
                .isEqualTo(1);
        assertThat(line(Series.BY_NUMBER)).as("where none are deleted").hasSize(2);
    }

    @Test
    void aPieceHasAllPointsBetweenTwoNumbersOrTimesBothIncluded() {
        String[] metadata = new String[1000];
        java.util.Arrays.setAll(metadata, i -> "{\"loss\": %d}".formatted(i));
        append(metadata);
        Line piece = series.piece(session, "loss", 100, 149, 50);
        assertThat(piece.points())
                .extracting(point -> point.at().number())
                .hasSize(50)
                .startsWith(100L)
                .endsWith(149L);
        assertThat(piece.count()).isEqualTo(50);
        assertThat(piece.end()).isEqualTo(1000);
        assertThat(series.piece(session, "loss", 990, Long.MAX_VALUE, 50).count())
                .isEqualTo(10);
        Instant start = Instant.parse("2025-10-29T10:30:00Z");
        assertThat(series.piece(session, "loss", start.plusSeconds(200), start.plusSeconds(209), 50)
                        .points())
                .extracting(point -> point.at().number())
                .hasSize(10)
                .startsWith(200L)
                .endsWith(209L);
        assertThat(series.piece(session, "loss", null, start.plusSeconds(9), 50).count())
                .isEqualTo(10);
        assertThat(series.piece(session, "loss", start.plusSeconds(5000), null, 50)
                        .points())
                .isEmpty();
    }

    @Test
    void aTimeMayLieInAnyCentury() {
        List<NewRecord> batch = List.of(
                new NewRecord(Instant.parse("0001-01-01T00:00:00Z"), Level.INFO, "m", (ObjectNode)
                        JSON.readTree("{\"loss\": 1}")),
                new NewRecord(Instant.parse("9999-12-31T00:00:00Z"), Level.INFO, "m", (ObjectNode)
                        JSON.readTree("{\"loss\": 2}")));
        store.append("1", session, null, batch);
        assertThat(line(Series.BY_TIME)).hasSize(2);
    }

    @Test
    void aLongSessionIsReadWhole() {
        for (int i = 0; i < 20; i++) {
            String[] batch = new String[1000];
            for (int j = 0; j < batch.length; j++) {
                int number = 1000 * i + j;
                batch[j] = "{\"loss\": " + (number == 12_345 ? 99 : number % 7) + "}";
            }
            append(batch);
        }
        Line line = series.line(session, "loss", Series.BY_NUMBER, 100);
        assertThat(line.count()).isEqualTo(20_000);
        assertThat(line.points()).hasSizeBetween(12, 100);
        assertThat(line.points()).anyMatch(point -> point.position() == 12_345 && point.value() == 99);
    }

    @Test
    void anUnknownNameGivesAnEmptyLine() {
        assertThat(line(Series.BY_NUMBER)).isEmpty();
        append("{\"loss\": true}", "{\"loss\": [1]}");
        assertThat(line(Series.BY_NUMBER)).isEmpty();
    }
}
