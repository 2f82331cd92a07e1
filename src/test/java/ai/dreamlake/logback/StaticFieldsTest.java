package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.SessionOnDisk;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.MDC;

/** Fields that every record has. */
class StaticFieldsTest {

    @TempDir
    Path root;

    private Logging byXml(String fields) {
        return Logging.byXml("<localPath>" + root + "</localPath>" + fields);
    }

    private String metadata(int record) {
        return SessionOnDisk.of(root, "default", "default")
                .records()
                .get(record)
                .get("metadata")
                .toString();
    }

    @Test
    void everyRecordHasThemUnlessItHasItsOwnValue() {
        try (Logging logging = byXml("<field><name>host</name><value>${DREAMLAKE_NOWHERE:-h&quot;1}</value></field>"
                + "<field><name>stage</name><value>test</value></field>")) {
            assertThat(logging.warnings()).isEmpty();
            logging.log.info("one");
            logging.log.atInfo().addKeyValue("host", 5).addKeyValue("epoch", 1).log("two");
            MDC.put("stage", "of the MDC");
            logging.log.info("three");
        } finally {
            MDC.clear();
        }
        assertThat(metadata(0)).isEqualTo("{\"host\":\"h\\\"1\",\"stage\":\"test\"}");
        assertThat(metadata(1)).isEqualTo("{\"host\":5,\"epoch\":1,\"stage\":\"test\"}");
        assertThat(metadata(2)).isEqualTo("{\"stage\":\"of the MDC\",\"host\":\"h\\\"1\"}");
    }

    @Test
    void anOverlongRecordHasThem() {
        try (Logging logging =
                byXml("<maxRecordSize>1KB</maxRecordSize><field><name>stage</name><value>test</value></field>")) {
            logging.log.info("x".repeat(5000));
        }
        assertThat(metadata(0)).isEqualTo("{\"stage\":\"test\"}");
    }

    @Test
    void aFieldWithoutAValueIsLeftOut() {
        try (Logging logging = byXml("<field><name>stage</name><value>${DREAMLAKE_NOWHERE:-}</value></field>")) {
            logging.log.info("one");
        }
        assertThat(metadata(0)).isEqualTo("null");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            <field><value>v</value></field>                                   | is missing: give each field a <name>.
            <field><name>${NOBODY_DEFINED_IT}</name><value>v</value></field>  | is "NOBODY_DEFINED_IT_IS_UNDEFINED": define the variable, or give it a default: ${NAME:-default}.
            <field><name>a</name><value>${NOBODY_DEFINED_IT}</value></field>  | is "a": define the variable, or give it a default: ${NAME:-default}.
            <field><name>a</name><value>1</value></field><field><name>a</name><value>2</value></field> | is "a": there is another one with this name; give one of them.
            """)
    void faultsAreReportedAtTheStart(String fields, String remedy) {
        try (Logging logging = byXml(fields)) {
            assertThat(logging.errors()).containsExactly("<field> of appender [DREAMLAKE] " + remedy);
            assertThat(logging.appender.isStarted()).isFalse();
        }
    }
}
