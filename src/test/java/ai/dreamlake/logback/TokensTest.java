package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.support.FakeDreamlake;
import ai.dreamlake.logback.support.Logging;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tokens that come late, change, or are missing. */
@Timeout(90)
class TokensTest {

    private static final Duration LONG = Duration.ofSeconds(60);

    @TempDir
    Path root;

    private final FakeDreamlake server = FakeDreamlake.start();

    @AfterEach
    void stop() {
        server.close();
    }

    private Logging logging(String properties) {
        return Logging.byXml("<workspace>p</workspace><session>s</session><remote>" + server.url() + "</remote>"
                + properties + "<upload><shutdownTimeout>0</shutdownTimeout><spoolPath>" + root.resolve("spool")
                + "</spoolPath></upload>");
    }

    private String localPath() {
        return "<localPath>" + root.resolve("local") + "</localPath>";
    }

    @Test
    void recordsWaitForASecretThatComesLateAndFollowItWhenItChanges() throws Exception {
        Path secret = root.resolve("token");
        try (Logging logging = logging(localPath() + "<apiKeyFile>" + secret + "</apiKeyFile>")) {
            assertThat(logging.errors()).isEmpty();
            assertThat(logging.warnings())
                    .contains("Appender [DREAMLAKE]: <apiKeyFile> " + secret
                            + " gives no token: it is missing. Records wait until it does.");
            logging.log.info("early");
            await().atMost(LONG).until(() -> logging.appender.getStatistics().lastError() != null);
            assertThat(logging.appender.getStatistics().lastError())
                    .isEqualTo("<apiKeyFile> " + secret + " gives no token: it is missing");
            assertThat(server.requests).isEmpty();

            Files.writeString(secret, FakeDreamlake.TOKEN + "\n");
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();

            server.token = "the-next-token";
            Files.writeString(secret, "the-next-token");
            logging.log.info("late");
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            assertThat(server.messages("p/s")).containsExactly("early", "late");
            assertThat(logging.statuses().toString())
                    .doesNotContain("the-next-token")
                    .doesNotContain(FakeDreamlake.TOKEN);
        }
    }

    /** A configuration names this class. */
    public static final class FromXml implements DreamlakeTokenProvider {
        static final AtomicReference<Exception> TROUBLE = new AtomicReference<>();

        @Override
        public String token() throws Exception {
            Exception trouble = TROUBLE.get();
            if (trouble != null) {
                throw trouble;
            }
            return FakeDreamlake.TOKEN;
        }
    }

    @Test
    void aProviderInTheConfigurationIsAskedAgainAfterItFailed() {
        FromXml.TROUBLE.set(new IllegalStateException("secret"));
        try (Logging logging = logging(localPath() + "<tokenProvider class=\"" + FromXml.class.getName() + "\"/>")) {
            logging.log.info("early");
            await().atMost(LONG).until(() -> logging.appender.getStatistics().lastError() != null);
            assertThat(logging.appender.getStatistics().lastError())
                    .isEqualTo(
                            "<tokenProvider> " + FromXml.class.getName() + " failed: java.lang.IllegalStateException");
            FromXml.TROUBLE.set(null);
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            assertThat(server.messages("p/s")).containsExactly("early");
            assertThat(logging.statuses().toString()).doesNotContain("secret").doesNotContain(FakeDreamlake.TOKEN);
        } finally {
            FromXml.TROUBLE.set(null);
        }
    }

    private static String webToken(String user, int version) {
        String claims = "{\"sub\":\"" + user + "\",\"v\":" + version + "}";
        return "eyJ9." + java.util.Base64.getUrlEncoder().encodeToString(claims.getBytes()) + ".c2ln";
    }

    /** The same user with a new token must find what the old token left. */
    @Test
    void theSpoolIsThatOfTheUserInAFileOrFromAProvider() throws Exception {
        Path secret = root.resolve("token");
        for (int version = 0; version < 2; version++) {
            Files.writeString(secret, webToken("alice", version));
            try (Logging logging = logging("<apiKeyFile>" + secret + "</apiKeyFile>")) {
                logging.log.info("kept");
            }
            String token = webToken("alice", version);
            try (Logging logging = Logging.with(appender -> {
                appender.setRemote(server.url());
                appender.setTokenProvider(() -> token);
                assertThat(appender.getTokenProvider()).isNotNull();
                appender.getUpload().setSpoolPath(root.resolve("spool").toString());
                appender.getUpload().setShutdownTimeout(ch.qos.logback.core.util.Duration.buildByMilliseconds(0));
            })) {
                logging.log.info("kept");
            }
        }
        assertThat(root.resolve("spool")).isDirectoryContaining("glob:**localhost-*");
        try (var directories = Files.list(root.resolve("spool"))) {
            assertThat(directories).hasSize(1);
        }
    }

    @Test
    void headersOfAConfigurationGoWithEachCallAndAreNotShown() {
        try (Logging logging = Logging.byXml("<workspace>p</workspace><session>s</session>" + localPath() + "<remote>"
                + server.url() + "</remote><apiKey>" + FakeDreamlake.TOKEN + "</apiKey><upload>"
                + "<header><name>X-Tenant</name><value>tenant-42</value></header>"
                + "<header><name>X-Team</name><value>two words</value></header></upload>")) {
            logging.log.info("one");
            assertThat(logging.appender.awaitDelivery(LONG)).isTrue();
            assertThat(server.requests).hasSizeGreaterThan(1).allSatisfy(request -> {
                assertThat(request.getHeaders().get("X-Tenant")).isEqualTo("tenant-42");
                assertThat(request.getHeaders().get("X-Team")).isEqualTo("two words");
            });
            assertThat(logging.statuses().toString())
                    .doesNotContain("tenant-42")
                    .doesNotContain("two words");
        }
    }
}
