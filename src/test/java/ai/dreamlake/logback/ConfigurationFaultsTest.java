package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.support.Logging;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A wrong configuration is an ERROR that names property, value and remedy. The application runs on without us. */
class ConfigurationFaultsTest {

    @TempDir
    Path root;

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            localPath       | ${NOBODY_DEFINED_IT} | define the variable, or give it a default: ${NAME:-default}.
            workspace       | ${NOBODY_DEFINED_IT} | define the variable, or give it a default: ${NAME:-default}.
            session         | x-${NOBODY_DEFINED_IT} | define the variable, or give it a default: ${NAME:-default}.
            sessionKey      | ${NOBODY_DEFINED_IT} | define the variable, or give it a default: ${NAME:-default}.
            workspace       | a/b                  | workspace "a/b" has a slash: only session names nest; choose another name.
            workspace       | ..                   | workspace segment ".." begins with a dot; choose another name.
            session         | ../x                 | session segment ".." begins with a dot; choose another name.
            session         | a//b                 | session is blank, or has a blank segment; choose another name.
            sessionKey      | dreamlake.workspace  | that is the <workspaceKey>, too; they must differ.
            maxRecordSize   | 100                  | choose a size from 1KB to 64MB.
            maxRecordSize   | 1GB                  | choose a size from 1KB to 64MB.
            maxOpenSessions | 0                    | choose 1 or more.
            maxOpenSessions | -5                   | choose 1 or more.
            idleTimeout     | 0                    | choose a time above 0, such as "5 minutes".
            fsyncLevel      | ERORR                | choose OFF, FATAL, ERROR, WARN, INFO, DEBUG or ALL.
            """)
    void anUnusableValueIsNamedWithItsRemedy(String property, String value, String remedy) {
        try (Logging logging = Logging.byXml(
                "<localPath>" + root + "</localPath><" + property + ">" + value + "</" + property + ">")) {
            assertThat(logging.errors()).hasSize(1);
            assertThat(logging.errors().get(0))
                    .startsWith("<" + property + "> of appender [DREAMLAKE] is \"")
                    .endsWith("\": " + remedy);
            if (!value.contains("$")) {
                assertThat(logging.errors().get(0))
                        .contains("\"" + value.replace("1GB", "1 GB").replace("100", "100 Bytes"));
            }
            assertThat(logging.appender.isStarted()).isFalse();
            logging.log.info("the application runs on");
            assertThat(root).isEmptyDirectory();
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            maxRecordSize   | much                 | choose a size, such as 512KB.
            maxOpenSessions | many                 | choose a whole number.
            maxOpenSessions | 1.5                  | choose a whole number.
            maxOpenSessions | ${NOBODY_DEFINED_IT} | choose a whole number.
            idleTimeout     | soon                 | choose a time, such as "5 seconds".
            includeMdc      | yes                  | choose true or false.
            """)
    void aValueOfAnotherTypeIsAnErrorAndNotQuietlyTheDefault(String property, String value, String remedy) {
        try (Logging logging = Logging.byXml(
                "<localPath>" + root + "</localPath><" + property + ">" + value + "</" + property + ">")) {
            assertThat(logging.errors())
                    .contains("<" + property + "> of appender [DREAMLAKE] is \""
                            + value.replace("${NOBODY_DEFINED_IT}", "NOBODY_DEFINED_IT_IS_UNDEFINED") + "\": "
                            + remedy);
            assertThat(logging.appender.isStarted()).isFalse();
        }
    }

    @Test
    void anOptionalVariableThatIsNotSetCountsAsNoValue() {
        try (Logging logging =
                Logging.byXml("<localPath>" + root + "</localPath><remote>${DREAMLAKE_NOWHERE:-}</remote>"
                        + "<apiKey>${DREAMLAKE_NOWHERE:-}</apiKey><userName></userName>")) {
            assertThat(logging.appender.isStarted()).isTrue();
            assertThat(logging.statuses().toString()).doesNotContain("remote").doesNotContain("apiKey");
        }
        try (Logging logging = Logging.byXml("<localPath>" + root + "</localPath><remote>http://localhost:1</remote>"
                + "<apiKey>${DREAMLAKE_NOWHERE:-}</apiKey><userName>alice</userName>"
                + "<upload><shutdownTimeout>0</shutdownTimeout></upload>")) {
            assertThat(logging.appender.isStarted()).isTrue();
        }
    }

    @Test
    void aTokenWithoutAServerIsIgnoredWithAStatus() {
        try (Logging logging = Logging.byXml("<localPath>" + root + "</localPath><apiKey>secret</apiKey>")) {
            assertThat(logging.appender.isStarted()).isTrue();
            assertThat(logging.warnings()).isEmpty();
            assertThat(logging.infos())
                    .containsOnlyOnce(
                            "Appender [DREAMLAKE]: <apiKey> is ignored, as there is no <remote>; nothing is sent.");
            assertThat(logging.statuses().toString()).doesNotContain("secret");
        }
    }

    private static final String SUCH_AS = ", such as https://dreamlake.example.com.";

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            localhost:3000                        | localhost:3000                      | begin with http:// or https://
            localhost                             | localhost                           | begin with http:// or https://
            dreamlake.example.com                 | dreamlake.example.com               | begin with http:// or https://
            dreamlake.example.com:443/api/v1      | dreamlake.example.com:443/...       | begin with http:// or https://
            127.0.0.1:3000/                       | 127.0.0.1:3000/                     | begin with http:// or https://
            ftp://dreamlake.example.com           | ftp://dreamlake.example.com         | begin with http:// or https://
            http://localhost:99999                | http://localhost:99999              | that is not a URL; give a base URL
            https://dreamlake.example.com?key=pw  | https://dreamlake.example.com/...   | leave out what follows the path; give a base URL
            https://dreamlake.example.com/#pw     | https://dreamlake.example.com/...   | leave out what follows the path; give a base URL
            https://alice:pw@dreamlake.example.com | https://dreamlake.example.com/...  | leave out user and password; give a base URL
            https://:pw@dreamlake.example.com     | https://dreamlake.example.com/...   | leave out user and password; give a base URL
            alice:pw@dreamlake.example.com        | (not shown)                         | begin with http:// or https://
            https://alice:pw@                     | (not shown)                         | that is not a URL; give a base URL
            pw                                    | (not shown)                         | begin with http:// or https://
            eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwdyJ9.c2ln | (not shown)                    | begin with http:// or https://
            0123456789abcdef0123456789abcdef      | (not shown)                         | begin with http:// or https://
            sk-pw-0123456789abcdef                | (not shown)                         | begin with http:// or https://
            Bearer pw                             | (not shown)                         | begin with http:// or https://
            """)
    void anUnusableAddressIsShownIfItIsNoSecret(String remote, String shown, String remedy) {
        try (Logging logging = Logging.with(appender -> {
            appender.setRemote(remote);
            appender.setApiKey("k");
        })) {
            assertThat(logging.errors())
                    .containsExactly("<remote> of appender [DREAMLAKE] is \"" + shown + "\": " + remedy + SUCH_AS);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            <remote>${NOBODY_DEFINED_IT}</remote><apiKey>k</apiKey>                        | remote               | define the variable, or give it a default: ${NAME:-default}.
            <remote>http://${NOBODY_DEFINED_IT}:1</remote><apiKey>k</apiKey>               | remote               | define the variable, or give it a default: ${NAME:-default}.
            <remote>http://localhost:1</remote><apiKey>k</apiKey><userName>alice</userName> | userName            | there is an <apiKey>, too; give one of them.
            <remote>http://localhost:1</remote><apiKey>pw</apiKey><apiKeyFile>f</apiKeyFile> | apiKeyFile         | there is an <apiKey>, too; give one of them.
            <remote>http://localhost:1</remote><apiKeyFile>f</apiKeyFile><userName>alice</userName> | userName    | there is an <apiKeyFile>, too; give one of them.
            <remote>http://localhost:1</remote><apiKeyFile>${NOBODY_DEFINED_IT}</apiKeyFile> | apiKeyFile         | define the variable, or give it a default: ${NAME:-default}.
            <remote>http://localhost:1</remote><apiKey>pw</apiKey><tokenProvider class="ai.dreamlake.logback.TokensTest$FromXml"/> | tokenProvider | there is an <apiKey>, too; give one of them.
            <remote>http://localhost:1</remote><apiKey>${NOBODY_DEFINED_IT}</apiKey>       | apiKey               | define the variable, or give it a default: ${NAME:-default}.
            <remote>http://localhost:1</remote><apiKey>two words</apiKey>                  | apiKey               | it has characters that no header can have.
            <upload><maxBatchRecords>0</maxBatchRecords></upload>                          | maxBatchRecords      | choose 1 or more.
            <upload><maxConcurrentUploads>0</maxConcurrentUploads></upload>                | maxConcurrentUploads | choose 1 or more.
            <upload><maxBatchSize>1</maxBatchSize></upload>                                | maxBatchSize         | choose a size from 1KB to 64MB.
            <upload><callTimeout>0</callTimeout></upload>                                  | callTimeout          | choose a time, such as "5 seconds".
            <upload><compression>zip</compression></upload>                                | compression          | choose none or gzip.
            <upload><spoolLimit>1KB</spoolLimit></upload>                                  | spoolLimit           | choose 1MB or more.
            """)
    void anUnusableRemoteIsNamedWithItsRemedyAndNeverItsSecrets(String properties, String property, String remedy) {
        String remote = properties.contains("remote>") ? "" : "<remote>http://localhost:1</remote><apiKey>k</apiKey>";
        try (Logging logging = Logging.byXml(remote + properties)) {
            assertThat(logging.errors())
                    .singleElement()
                    .asString()
                    .startsWith("<" + property + "> of appender [DREAMLAKE] is \"")
                    .endsWith("\": " + remedy);
            assertThat(logging.statuses().toString()).doesNotContain("two words");
            assertThat(logging.errors().toString()).doesNotContain("pw");
            assertThat(logging.appender.isStarted()).isFalse();
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            -               | secret | the <name> is missing.
            X-Tenant        | -      | the <value> is missing.
            X-Tenant        | ' '    | the <value> is missing.
            X Tenant        | secret | the <name> has characters that no header's name can have; use letters, digits and hyphens.
            X-Tenant:       | secret | the <name> has characters that no header's name can have; use letters, digits and hyphens.
            X-T\u00e9nant   | secret | the <name> has characters that no header's name can have; use letters, digits and hyphens.
            X-Tenant        | secr\u00e9t | the <value> has characters that no header can have; use printable ASCII.
            X-Tenant        | X_IS_UNDEFINED | define the variable, or give it a default: ${NAME:-default}.
            authorization   | secret | the <name> is one that the appender or HTTP itself needs; choose another one.
            Host            | secret | the <name> is one that the appender or HTTP itself needs; choose another one.
            Content-Length  | secret | the <name> is one that the appender or HTTP itself needs; choose another one.
            Idempotency-KEY | secret | the <name> is one that the appender or HTTP itself needs; choose another one.
            Content-Encoding | secret | the <name> is one that the appender or HTTP itself needs; choose another one.
            Content-Type    | secret | the <name> is one that the appender or HTTP itself needs; choose another one.
            """)
    void aHeaderThatCannotBeSentIsAFaultAndNeverShown(String name, String value, String remedy) {
        try (Logging logging = Logging.with(appender -> {
            appender.setRemote("http://localhost:1");
            appender.setApiKey("k");
            appender.getUpload().addHeader(new DreamlakeUpload.Header("X-Good", "secret"));
            appender.getUpload().addHeader(new DreamlakeUpload.Header(name, value));
        })) {
            assertThat(logging.errors())
                    .containsExactly("<header> of appender [DREAMLAKE] is \"(not shown)\": of number 2, " + remedy);
            assertThat(logging.statuses().toString()).doesNotContain("secret");
        }
    }

    @Test
    void aHeaderWithALineEndIsAFault() {
        try (Logging logging = Logging.with(appender -> {
            appender.setRemote("http://localhost:1");
            appender.setApiKey("k");
            appender.getUpload().addHeader(new DreamlakeUpload.Header("X-Tenant", "a\r\nHost: b"));
        })) {
            assertThat(logging.errors()).hasSize(1);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            hybrid | <maxAge>59 minutes</maxAge>                                            | maxAge         | choose 1 hour or more, such as "30 days".
            hybrid | <maxSize>1000KB</maxSize>                                              | maxSize        | choose 1MB or more.
            hybrid | <localMode>true</localMode>                                            | localRetention | give it a <maxAge>, a <maxSize>, or both; or leave it out.
            local  | <maxAge>1 day</maxAge>                                                 | localRetention | without a <remote> these records are nowhere else; give it <localMode>true</localMode> to delete them anyway, or leave it out.
            local  | <maxAge>1 day</maxAge><localMode>false</localMode>                     | localRetention | without a <remote> these records are nowhere else; give it <localMode>true</localMode> to delete them anyway, or leave it out.
            local  | <localMode>true</localMode>                                            | localRetention | give it a <maxAge>, a <maxSize>, or both; or leave it out.
            remote | <maxAge>1 day</maxAge><localMode>true</localMode>                      | localRetention | without a <localPath> nothing stays on disk; leave it out. <spoolLimit> bounds what waits there.
            """)
    void anUnusableLocalRetentionIsNamedWithItsRemedy(String mode, String inside, String property, String remedy) {
        try (Logging logging =
                Logging.byXml(whereRecordsGo(mode) + "<localRetention>" + inside + "</localRetention>")) {
            assertThat(logging.errors())
                    .singleElement()
                    .asString()
                    .startsWith("<" + property + "> of appender [DREAMLAKE] is \"")
                    .endsWith("\": " + remedy);
            assertThat(logging.appender.isStarted()).isFalse();
        }
    }

    private String whereRecordsGo(String mode) {
        return (mode.equals("remote") ? "" : "<localPath>" + root + "</localPath>")
                + (mode.equals("local")
                        ? ""
                        : "<remote>http://localhost:1</remote><apiKey>k</apiKey><upload><shutdownTimeout>0</shutdownTimeout></upload>");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            hybrid | <maxAge>1 hour</maxAge>
            hybrid | <maxSize>1MB</maxSize>
            hybrid | <maxAge>30 days</maxAge><maxSize>10GB</maxSize><localMode>true</localMode>
            local  | <maxAge>30 days</maxAge><localMode>true</localMode>
            """)
    void aUsableLocalRetentionIsAccepted(String mode, String inside) {
        try (Logging logging =
                Logging.byXml(whereRecordsGo(mode) + "<localRetention>" + inside + "</localRetention>")) {
            assertThat(logging.errors()).isEmpty();
            assertThat(logging.appender.isStarted()).isTrue();
        }
    }

    @Test
    void aLocalRetentionThatIsNotATimeIsAFault() {
        try (Logging logging =
                Logging.byXml(whereRecordsGo("hybrid") + "<localRetention><maxAge>soon</maxAge></localRetention>")) {
            assertThat(logging.errors()).anyMatch(error -> error.contains("soon") || error.contains("maxAge"));
            assertThat(logging.appender.isStarted()).isFalse();
        }
    }

    @Test
    void plainHttpToAnotherMachineGetsAWarning() {
        String key = "<apiKey>k</apiKey><upload><shutdownTimeout>0</shutdownTimeout></upload>";
        String local = "<localPath>" + root + "</localPath>";
        try (Logging far = Logging.byXml(local + "<remote>http://dreamlake.example.com</remote>" + key);
                Logging near = Logging.byXml(local + "<remote>http://localhost:1</remote>" + key);
                Logging safe = Logging.byXml(local + "<remote>https://dreamlake.example.com</remote>" + key)) {
            assertThat(far.warnings()).singleElement().asString().contains("plain http");
            assertThat(near.warnings()).isEmpty();
            assertThat(safe.warnings()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "<apiKey> </apiKey><apiKeyFile/>", "<apiKey>${DREAMLAKE_NOWHERE:-}</apiKey><userName/>"})
    void aServerWithoutATokenIsAFaultThatSaysWhatIsMissing(String none) {
        try (Logging logging = Logging.byXml("<remote>http://localhost:1</remote>" + none)) {
            assertThat(logging.errors())
                    .containsExactly("<apiKey> of appender [DREAMLAKE] is missing: "
                            + "a <remote> needs an <apiKey>, an <apiKeyFile> or a <tokenProvider>, "
                            + "or a <userName> for a server in development mode.");
        }
    }

    @Test
    void aServerWithoutATokenDoesNotHideAWrongSpoolPath() {
        try (Logging logging = Logging.with(appender -> {
            appender.setRemote("http://localhost:1");
            appender.getUpload().setSpoolPath("a\u0000b");
        })) {
            assertThat(logging.errors()).hasSize(2);
            assertThat(logging.errors()).anyMatch(error -> error.contains("<apiKey>"));
            assertThat(logging.errors()).anyMatch(error -> error.contains("<spoolPath>"));
        }
    }

    @Test
    void everyFaultIsReportedAtOnce() {
        try (Logging logging =
                Logging.byXml("<workspace>a/b</workspace><session>.</session><maxOpenSessions>0</maxOpenSessions>")) {
            assertThat(logging.errors()).hasSize(3);
        }
    }

    /** Sets one of the two paths, so that the appender uses it. */
    private static Logging withPath(String property, String path) {
        return Logging.with(appender -> {
            if (property.equals("spoolPath")) {
                appender.setRemote("http://localhost:1");
                appender.setApiKey("k");
                appender.getUpload().setSpoolPath(path);
            } else {
                appender.setLocalPath(path);
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"localPath", "spoolPath"})
    void aPathThatIsAFileOrBelowOneIsAFault(String property) throws Exception {
        Path file = Files.writeString(root.resolve("file"), "x");
        try (Logging logging = withPath(property, file.toString())) {
            assertThat(logging.errors())
                    .containsExactly("<" + property + "> of appender [DREAMLAKE] is \"" + file
                            + "\": that is a file; name a directory.");
            assertThat(logging.appender.isStarted()).isFalse();
            assertThat(logging.warnings()).isEmpty();
        }
        Path below = file.resolve("a/b");
        try (Logging logging = withPath(property, below.toString())) {
            assertThat(logging.errors())
                    .containsExactly("<" + property + "> of appender [DREAMLAKE] is \"" + below + "\": " + file
                            + " is a file; name a directory.");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"localPath", "spoolPath"})
    void anImpossiblePathIsAFault(String property) {
        try (Logging logging = withPath(property, "a\u0000b")) {
            assertThat(logging.errors()).singleElement().asString().contains("that is not a valid path here");
        }
        try (Logging logging = withPath(property, " ")) {
            assertThat(logging.errors()).singleElement().asString().contains("give it a value, or leave it out");
        }
    }

    @Test
    void nullsFromJavaAreFaultsToo() {
        try (Logging logging = Logging.to(root, appender -> {
            appender.setLocalPath(null);
            appender.setWorkspace(null);
            appender.setSession(null);
            appender.setSessionKey(null);
            appender.setWorkspaceKey(null);
            appender.setMaxRecordSize(null);
            appender.setIdleTimeout(null);
            appender.setFsyncLevel(null);
        })) {
            assertThat(logging.errors()).hasSize(8);
            assertThat(logging.appender.isStarted()).isFalse();
        }
    }

    @Test
    void startTouchesNoFile() {
        Path missing = root.resolve("not/there/yet");
        try (Logging logging = Logging.to(missing)) {
            assertThat(logging.appender.isStarted()).isTrue();
            assertThat(missing).doesNotExist();
            logging.log.info("now");
            assertThat(missing).isDirectory();
        }
    }
}
