package ai.dreamlake.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.dreamlake.server.TestServer.Reply;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/** Selected records of a log, their counts, and exports to files. */
class ExportTest {

    @TempDir
    Path data;

    private SwitchedStore store;
    private TestServer server;
    private String id;

    @BeforeEach
    void start() {
        store = new SwitchedStore(data);
        server = new TestServer(data, Map.of(), store.store());
        id = server.session("w", "a run: ü*");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    /** The times are a second apart. */
    private void append(String... messagesAndMetadata) {
        List<String> records = new ArrayList<>();
        for (int i = 0; i < messagesAndMetadata.length; i += 2) {
            records.add(String.format(
                    "{\"timestamp\": \"2025-10-29T10:30:%02dZ\", \"level\": \"%s\", \"message\": %s, \"metadata\": %s}",
                    i / 2, i == 2 ? "error" : "info", messagesAndMetadata[i], messagesAndMetadata[i + 1]));
        }
        assertThat(server.append(id, null, "{\"logs\": [" + String.join(",", records) + "]}")
                        .status())
                .isEqualTo(200);
    }

    private Reply get(String call, String... conditions) {
        StringBuilder path = new StringBuilder("/sessions/" + id + "/" + call + (call.contains("?") ? "" : "?"));
        for (String condition : conditions) {
            path.append("&where=").append(URLEncoder.encode(condition, StandardCharsets.UTF_8));
        }
        return server.get(path.toString());
    }

    private List<String> found(String call, String... conditions) {
        List<String> messages = new ArrayList<>();
        for (JsonNode record : get(call, conditions).json().get("logs")) {
            messages.add(record.get("message").stringValue());
        }
        return messages;
    }

    @Test
    void oneSessionIsShownAsItIsInTheListOfAll() {
        append("\"m\"", "{\"loss\": 0.5}");
        JsonNode listed = server.get("/sessions").json().get("sessions").get(0);
        assertThat(server.get("/sessions/" + id).json()).isEqualTo(listed);
        assertThat(listed.get("metrics").toString()).isEqualTo("{\"loss\":0.5}");
        assertThat(server.get("/sessions/nobody").status()).isEqualTo(404);
    }

    @Test
    void recordsAreFoundByConditionsOnTheirMetadata() {
        append(
                "\"a\"", "{\"loss\": 0.25, \"eval\": {\"phase\": \"train\"}, \"best\": true}",
                "\"b\"",
                        "{\"loss\": \"NaN\", \"eval.phase\": \"Test\", \"best\": false, \"version\": \"5\", \"wow!\": 1}",
                "\"c\"", "null");
        assertThat(found("logs", "loss<0.5")).containsExactly("a");
        assertThat(found("logs", " loss <= 2.5e-1 ")).containsExactly("a");
        assertThat(found("logs", "loss!=.25")).containsExactly("b");
        assertThat(found("logs", "loss=NaN")).containsExactly("b");
        assertThat(found("logs", "loss>-Infinity")).containsExactly("a");
        assertThat(found("logs", "eval.phase=train")).containsExactly("a");
        assertThat(found("logs", "eval.phase!=train")).containsExactly("b");
        assertThat(found("logs", "best=true")).containsExactly("a");
        assertThat(found("logs", "version=5")).isEmpty();
        assertThat(found("logs", "version=\"5\"")).containsExactly("b");
        assertThat(found("logs", "wow!=1")).as("no name but wow").isEmpty();
        assertThat(found("logs", "loss>=0", "best=true")).containsExactly("a");
        assertThat(found("logs", "loss>=0", "best=false")).isEmpty();
        assertThat(found("logs", "")).hasSize(3);
        assertThat(found("logs?after=0", "best!=x")).isEmpty();
        assertThat(found("logs?after=0&level=error&search=B", "best=false")).containsExactly("b");
    }

    @ParameterizedTest
    @CsvSource({
        "loss, '\"loss\" is not a condition such as train_loss>0.5'",
        ">5, '\">5\" is not a condition such as train_loss>0.5'",
        "' =5', '\" =5\" is not a condition such as train_loss>0.5'",
        "loss==5, '\"loss==5\" is not a condition such as train_loss>0.5'",
        "loss>>5, '\"loss>>5\" is not a condition such as train_loss>0.5'",
        "loss=>5, '\"loss=>5\" is not a condition such as train_loss>0.5'",
        "loss>, '\"loss>\" is not a valid condition: > compares numbers only'",
        "loss<=high, '\"loss<=high\" is not a valid condition: <= compares numbers only'",
        "loss>1d, '\"loss>1d\" is not a valid condition: > compares numbers only'",
        "loss<true, '\"loss<true\" is not a valid condition: < compares numbers only'",
    })
    void anInvalidConditionIsRefusedAndNamed(String condition, String fault) {
        for (String call : List.of("logs", "histogram", "export")) {
            Reply reply = get(call, condition);
            assertThat(reply.status()).isEqualTo(400);
            assertThat(reply.error()).isEqualTo("where: " + fault);
        }
    }

    @Test
    void thereMayBeTenConditions() {
        String[] ten = IntStream.range(0, 10).mapToObj(i -> "x=" + i).toArray(String[]::new);
        String[] eleven = IntStream.range(0, 11).mapToObj(i -> "x=" + i).toArray(String[]::new);
        assertThat(get("logs", ten).status()).isEqualTo(200);
        assertThat(get("logs", eleven).error()).isEqualTo("where: there are 11 conditions, more than 10");
    }

    @Test
    void aHistogramCountsTheMatchingRecords() {
        assertThat(get("histogram").body()).isEqualTo("{\"buckets\":[]}");
        append("\"a\"", "{\"i\": 0}", "\"b\"", "{\"i\": 1}", "\"c\"", "{\"i\": 2}");
        assertThat(get("histogram?buckets=2").body())
                .isEqualTo(
                        "{\"from\":\"2025-10-29T10:30:00.000000Z\",\"to\":\"2025-10-29T10:30:02.000000Z\",\"buckets\":["
                                + "{\"start\":\"2025-10-29T10:30:00.000000Z\",\"counts\":{\"info\":1,\"error\":1}},"
                                + "{\"start\":\"2025-10-29T10:30:01.000001Z\",\"counts\":{\"info\":1}}]}");
        assertThat(get("histogram?buckets=1&level=error,info", "i>0")
                        .json()
                        .get("buckets")
                        .toString())
                .isEqualTo("[{\"start\":\"2025-10-29T10:30:00.000000Z\",\"counts\":{\"info\":1,\"error\":1}}]");
        assertThat(get("histogram?startTime=2025-10-29T10:30:02Z&buckets=500")
                        .json()
                        .get("buckets")
                        .toString())
                .isEqualTo("[{\"start\":\"2025-10-29T10:30:02.000000Z\",\"counts\":{\"info\":1}}]");
        assertThat(get("histogram").json().get("buckets").size()).isEqualTo(100);
        assertThat(get("histogram?buckets=0").error()).isEqualTo("buckets: \"0\" is not a number from 1 to 500");
        assertThat(get("histogram?buckets=501").status()).isEqualTo(400);
        assertThat(get("histogram?level=loud").error()).startsWith("level: ");
        assertThat(server.get("/sessions/nobody/histogram").status()).isEqualTo(404);
    }

    @Test
    void jsonLinesAreThoseOfDreamlakesOwnFiles() {
        append(
                "\"plain \\u000B \\\" \\\\ ü \\uD83D\\uDE00 \\u007F \\u0085 \\u2028 \\u2029 </script>\"",
                "{\"a.b\": {\"c\": [1, 0.10, [], {}]}, \"n\": null, \"t\": true, \"big\": 123456789012345678901234567890}",
                "\"\"",
                "null",
                "\"empty\"",
                "{}");
        Reply reply = get("export");
        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.body())
                .isEqualTo(
                        "{\"timestamp\": \"2025-10-29T10:30:00.000000Z\", \"level\": \"info\", \"message\": \"plain \\u000b \\\" \\\\ ü \uD83D\uDE00"
                                + " \\u007f \\u0085 \\u2028 \\u2029 </script>\", \"metadata\": {\"a.b\": {\"c\": [1, 0.10, [], {}]}, \"n\": null, \"t\": true,"
                                + " \"big\": 123456789012345678901234567890}, \"sequenceNumber\": 0}\n"
                                + "{\"timestamp\": \"2025-10-29T10:30:01.000000Z\", \"level\": \"error\", \"message\": \"\", \"metadata\": null, \"sequenceNumber\": 1}\n"
                                + "{\"timestamp\": \"2025-10-29T10:30:02.000000Z\", \"level\": \"info\", \"message\": \"empty\", \"metadata\": {}, \"sequenceNumber\": 2}\n");
        assertThat(reply.response().headers().firstValue("Content-Disposition"))
                .hasValue("attachment; filename*=UTF-8''a%20run%3A%20%C3%BC%2A.jsonl");
        assertThat(reply.response().headers().firstValue("Content-Type")).hasValue("application/jsonl; charset=utf-8");
    }

    @Test
    void aTableHasAColumnForEachNameInTheMetadata() {
        append(
                "\"first, \\\"quoted\\\"\"",
                "{\"loss\": 0.10, \"eval\": {\"acc\": -1, \"deep\": {\"x\": true}}, \"level\": 3}",
                "\"two\\nlines\"",
                "{\"list\": [1, \\\"a\\\"], \"eval.acc\": \"NaN\", \"loss\": null}".replace("\\\"", "\""),
                "\"\"",
                "null");
        Reply reply = get("export?format=csv");
        assertThat(reply.body())
                .isEqualTo("timestamp,level,message,sequenceNumber,loss,eval.acc,eval.deep.x,metadata.level,list\r\n"
                        + "2025-10-29T10:30:00.000000Z,info,\"first, \"\"quoted\"\"\",0,0.10,-1,true,3,\r\n"
                        + "2025-10-29T10:30:01.000000Z,error,\"two\nlines\",1,,NaN,,,\"[1,\"\"a\"\"]\"\r\n"
                        + "2025-10-29T10:30:02.000000Z,info,,2,,,,,\r\n");
        assertThat(reply.response().headers().firstValue("Content-Disposition"))
                .hasValueSatisfying(value -> assertThat(value).endsWith(".csv"));
        assertThat(reply.response().headers().firstValue("Content-Type")).hasValue("text/csv; charset=utf-8");
        assertThat(get("export?format=xml").error()).isEqualTo("format: \"xml\" is neither jsonl nor csv");
    }

    @Test
    void aSpreadsheetRunsNoTextOfATable() {
        append(
                "\"=1+1\"",
                "{\"a\": \"+1\", \"m\": \"-1+1\", \"at\": \"@x\", \"b\": -1, \"c\": \"-Infinity\", \"@d\": \"\\t=1\", \"e\": \"a=b\"}");
        assertThat(get("export?format=csv").body())
                .isEqualTo("timestamp,level,message,sequenceNumber,a,m,at,b,c,'@d,e\r\n"
                        + "2025-10-29T10:30:00.000000Z,info,'=1+1,0,'+1,'-1+1,'@x,-1,-Infinity,'\t=1,a=b\r\n");
    }

    @Test
    void allColumnsOfATableHaveDifferentNamesAndNothingIsLost() {
        append(
                "\"a\"",
                "{\"timestamp\": 1, \"metadata.timestamp\": 2, \"a\": {\"b\": 4}, \"a.b\": 3, \"a.b (2)\": 5, \"=x\": 6, \"'=x\": 7}",
                "\"b\"",
                "{\"a\": {\"b\": 8}}");
        assertThat(get("export?format=csv").body())
                .isEqualTo("timestamp,level,message,sequenceNumber,metadata.timestamp (2),metadata.timestamp,"
                        + "a.b,a.b (3),a.b (2),'=x,'=x (2)\r\n"
                        + "2025-10-29T10:30:00.000000Z,info,a,0,1,2,3,4,5,6,7\r\n"
                        + "2025-10-29T10:30:01.000000Z,error,b,1,,,8,,,,\r\n");
    }

    @Test
    void charactersThatASpreadsheetSkipsDoNotHideAFormula() {
        append("\"  =1+1\"", "{\"a\": \"\\n+1\", \"b\": \"\\u00A0@x\", \"c\": \"\\nplain\", \"d\": \" -Infinity\"}");
        assertThat(get("export?format=csv").body())
                .endsWith(",info,'  =1+1,0,\"'\n+1\",'\u00A0@x,\"\nplain\",' -Infinity\r\n");
    }

    @Test
    void aLoneSurrogateInANameIsRefusedWithAClearMessage() {
        String batch = TestServer.batch("m").replace("\"message\"", "\"metadata\": {\"k\\ud800\": 1}, \"message\"");
        Reply reply = server.append(id, null, batch);
        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.error()).startsWith("body: a name has a lone surrogate at byte ");
    }

    @Test
    void aTableHasAThousandColumnsOfMetadataAtMost() {
        List<String> entries =
                IntStream.range(0, 1001).mapToObj(i -> "\"n" + i + "\": " + i).toList();
        append("\"m\"", "{" + String.join(",", entries.subList(0, 1000)) + "}");
        assertThat(get("export?format=csv").status()).isEqualTo(200);
        append("\"m\"", "{" + String.join(",", entries) + "}");
        assertThat(get("export?format=csv").error()).startsWith("format: the metadata has more than 1000 names");
        assertThat(get("export").status()).isEqualTo(200);
    }

    @Test
    void anExportHasTheMatchingRecords() {
        append("\"a\"", "{\"i\": 0}", "\"b\"", "{\"i\": 1}", "\"c\"", "{\"i\": 2}");
        assertThat(get("export?format=csv&level=info", "i>0").body())
                .containsOnlyOnce("info")
                .contains(",c,2,2");
        assertThat(get("export?format=csv&after=0&before=2").body())
                .containsOnlyOnce("2025")
                .contains(",b,1,1");
        assertThat(get("export?before=0").body()).isEmpty();
        assertThat(get("export?after=9223372036854775807").body()).isEmpty();
        assertThat(get("export?search=C&endTime=2025-10-29T10:30:02Z").body())
                .containsOnlyOnce("2025")
                .contains("\"c\"");
        assertThat(server.get("/sessions/nobody/export").status()).isEqualTo(404);
    }

    private void appendMany(int count) {
        String message = "x".repeat(300);
        String[] messages = IntStream.range(0, 1000).mapToObj(i -> message).toArray(String[]::new);
        for (int i = 0; i < count; i += 1000) {
            server.append(id, null, TestServer.batch(messages));
        }
    }

    @Test
    void aLongSessionIsExportedPageByPage() {
        appendMany(3000);
        store.append(id, "last");
        List<String> lines = get("export").body().lines().toList();
        assertThat(lines).hasSize(3001);
        for (int i = 0; i < 3001; i++) {
            assertThat(lines.get(i)).endsWith("\"sequenceNumber\": " + i + "}");
        }
        assertThat(store.calls("records")).isEqualTo(1 + 4);
    }

    @Test
    void aStoreThatFailsIsLoggedInOneLineWithoutAStack() {
        Logger log = (Logger) LoggerFactory.getLogger("ai.dreamlake.server.http.Faults");
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        log.addAppender(lines);
        try {
            store.isAway = true;
            assertThat(get("logs").status()).isEqualTo(503);
        } finally {
            log.detachAppender(lines);
        }
        assertThat(lines.list).hasSize(1);
        assertThat(lines.list.get(0).getThrowableProxy()).isNull();
        assertThat(lines.list.get(0).getFormattedMessage())
                .isEqualTo("The store failed: the store does not answer: java.io.IOException: switched off");
    }

    @Test
    void anExportIsCutOffIfTheStoreFails() {
        appendMany(10_000);
        store.failAfter("records", 5);
        assertThatThrownBy(() -> get("export"))
                .isInstanceOf(UncheckedIOException.class)
                .hasCauseInstanceOf(IOException.class);
        store.failAfter("records", 0);
        assertThat(get("export").status())
                .as("before it has begun, there is a status")
                .isEqualTo(503);
        assertThat(get("export?format=csv").status()).isEqualTo(503);
    }

    @Test
    void anExportIsCutOffIfItsSessionIsDeletedMeanwhile() {
        appendMany(10_000);
        store.doAfter("records", 5, () -> store.delete(id));
        assertThatThrownBy(() -> get("export"))
                .isInstanceOf(UncheckedIOException.class)
                .hasCauseInstanceOf(IOException.class);
    }
}
