package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.support.ChildJvm;
import ai.dreamlake.logback.support.FakeDreamlake;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.TestProxy;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import okhttp3.Credentials;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A server that only a proxy can reach. */
@Timeout(150)
class ProxyTest {

    private static final Duration LONG = Duration.ofSeconds(60);

    @TempDir
    Path root;

    private final FakeDreamlake server = FakeDreamlake.start();

    @AfterEach
    void stop() {
        server.close();
    }

    private static Logging logging(Path root, String upload) {
        return Logging.byXml("<workspace>p</workspace><session>s</session><localPath>" + root + "</localPath>"
                + "<remote>http://dreamlake.invalid</remote><apiKey>" + FakeDreamlake.TOKEN
                + "</apiKey><upload><shutdownTimeout>0</shutdownTimeout>" + upload + "</upload>");
    }

    private static String proxy(int port, String login) {
        return "<proxy><host>localhost</host><port>" + port + "</port>" + login + "</proxy>";
    }

    @Test
    void recordsGoThroughAProxyThatDemandsALogin() throws IOException {
        try (TestProxy proxy = new TestProxy(
                        server.http.getPort(),
                        Credentials.basic("alice", "p\u00e4ss", java.nio.charset.StandardCharsets.UTF_8));
                Logging logging =
                        logging(root, proxy(proxy.port(), "<user>alice</user><password>p\u00e4ss</password>"))) {
            logging.log.info("one");
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            assertThat(server.messages("p/s")).containsExactly("one");
            assertThat(proxy.passed).isNotEmpty().allMatch(line -> line.contains(" http://dreamlake.invalid/"));
            assertThat(proxy.refused).isEmpty();
            assertThat(logging.statuses().toString()).doesNotContain("p\u00e4ss");
        }
    }

    @Test
    void aRefusedLoginIsReportedWithoutThePassword() throws IOException {
        try (TestProxy proxy = new TestProxy(server.http.getPort(), Credentials.basic("alice", "right"));
                Logging logging =
                        logging(root, proxy(proxy.port(), "<user>alice</user><password>mistaken</password>"))) {
            logging.log.info("one");
            await().atMost(LONG).until(() -> logging.appender.getStatistics().lastError() != null);
            assertThat(logging.appender.getStatistics().lastError()).isEqualTo("HTTP 407");
            assertThat(server.requests).isEmpty();
            assertThat(logging.statuses().toString()).doesNotContain("mistaken");
        }
    }

    /** Logs one record. */
    static final class Application {
        public static void main(String[] arguments) {
            try (Logging logging = logging(Path.of(arguments[0]), "")) {
                logging.log.info("from the child");
                System.out.println(logging.appender.awaitDelivery(LONG));
            }
        }
    }

    @Test
    void theJvmsOwnProxyIsUsedIfNoneIsConfigured() throws IOException {
        try (TestProxy proxy = new TestProxy(server.http.getPort(), null);
                ChildJvm child = ChildJvm.with(
                        List.of("-Dhttp.proxyHost=localhost", "-Dhttp.proxyPort=" + proxy.port()),
                        Map.of(),
                        Application.class,
                        root)) {
            assertThat(child.remainingLines()).containsExactly("true");
            assertThat(server.messages("p/s")).containsExactly("from the child");
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            <port>1</port>                                               | <host> of appender [DREAMLAKE] is missing: name the proxy's host.
            <host>h</host>                                               | <port> of appender [DREAMLAKE] is "0": choose the proxy's port, from 1 to 65535.
            <host>h</host><port>65536</port>                             | <port> of appender [DREAMLAKE] is "65536": choose the proxy's port, from 1 to 65535.
            <host>http://h:1</host><port>1</port>                        | <host> of appender [DREAMLAKE] is "http://h:1": name the proxy's host alone, without http:// and port.
            <host>alice:pw@h</host><port>1</port>                        | <host> of appender [DREAMLAKE] is "(not shown)": name the proxy's host alone, without http:// and port.
            <host>${NOBODY_DEFINED_IT}</host><port>1</port>              | <host> of appender [DREAMLAKE] is "NOBODY_DEFINED_IT_IS_UNDEFINED": define the variable, or give it a default: ${NAME:-default}.
            <host>h</host><port>1</port><password>pw</password>          | <user> of appender [DREAMLAKE] is missing: the proxy's <password> needs a <user>.
            <host>h</host><port>1</port><user>pw</user>                  | <password> of appender [DREAMLAKE] is missing: the proxy's <user> needs a <password>; it may be empty.
            <host>h</host><port>1</port><user>p:w</user><password>pw</password> | <user> of appender [DREAMLAKE] is "(not shown)": a proxy's user cannot have a colon.
            """)
    void anUnusableProxyIsNamedWithItsRemedyAndNeverItsPassword(String proxy, String fault) {
        try (Logging logging = logging(root, "<proxy>" + proxy + "</proxy>")) {
            assertThat(logging.errors()).containsExactly(fault);
            assertThat(logging.statuses().toString()).doesNotContain("pw");
        }
    }

    @Test
    void aPortThatIsNotANumberIsAFault() {
        try (Logging logging = logging(root, "<proxy><host>h</host><port>many</port></proxy>")) {
            assertThat(logging.errors()).contains("<port> of appender [DREAMLAKE] is \"many\": choose a whole number.");
        }
    }
}
