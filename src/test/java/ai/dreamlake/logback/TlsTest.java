package ai.dreamlake.logback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.support.ChildJvm;
import ai.dreamlake.logback.support.FakeDreamlake;
import ai.dreamlake.logback.support.Logging;
import ai.dreamlake.logback.support.TestProxy;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import okhttp3.Credentials;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A server that demands a client certificate, and a JVM that has one in its key store. */
@Timeout(150)
class TlsTest {

    private static final Duration LONG = Duration.ofSeconds(60);
    private static final String PASSWORD = "store-password";

    @TempDir
    Path root;

    private final HeldCertificate authority =
            new HeldCertificate.Builder().certificateAuthority(0).build();
    private final HeldCertificate serverCertificate = new HeldCertificate.Builder()
            .addSubjectAlternativeName("localhost")
            .signedBy(authority)
            .build();
    private final HeldCertificate clientCertificate = new HeldCertificate.Builder()
            .commonName("client")
            .signedBy(authority)
            .build();

    private final FakeDreamlake server = FakeDreamlake.start();

    @BeforeEach
    void demandCertificates() {
        server.http.useHttps(new HandshakeCertificates.Builder()
                .heldCertificate(serverCertificate, authority.certificate())
                .addTrustedCertificate(authority.certificate())
                .build()
                .sslSocketFactory());
        server.http.requireClientAuth();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private String keyStore() throws Exception {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        keys.setKeyEntry("client", clientCertificate.keyPair().getPrivate(), PASSWORD.toCharArray(), new Certificate[] {
            clientCertificate.certificate(), authority.certificate()
        });
        return store("keys", keys);
    }

    private String trustStore() throws Exception {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("authority", authority.certificate());
        return store("trusted", trusted);
    }

    private String store(String name, KeyStore content) throws Exception {
        Path file = root.resolve(name);
        try (OutputStream out = Files.newOutputStream(file)) {
            content.store(out, PASSWORD.toCharArray());
        }
        return file.toString();
    }

    private static List<String> options(String trustStore, String keyStore) {
        List<String> options = new ArrayList<>(List.of(
                "-Djavax.net.ssl.trustStore=" + trustStore,
                "-Djavax.net.ssl.trustStorePassword=" + PASSWORD,
                "-Djavax.net.ssl.trustStoreType=PKCS12"));
        if (keyStore != null) {
            options.addAll(List.of(
                    "-Djavax.net.ssl.keyStore=" + keyStore,
                    "-Djavax.net.ssl.keyStorePassword=" + PASSWORD,
                    "-Djavax.net.ssl.keyStoreType=PKCS12"));
        }
        return options;
    }

    /** Logs a record, and prints that it arrived, or why it did not. */
    static final class Application {
        public static void main(String[] arguments) {
            try (Logging logging = Logging.byXml("<workspace>p</workspace><session>s</session><localPath>"
                    + arguments[0] + "</localPath><remote>" + arguments[1] + "</remote><apiKey>" + FakeDreamlake.TOKEN
                    + "</apiKey><upload><shutdownTimeout>0</shutdownTimeout>" + arguments[2] + "</upload>")) {
                System.out.println(logging.appender.isStarted() + " " + logging.errors());
                logging.log.info("from the child");
                await().atMost(LONG).until(() -> {
                    DreamlakeStatistics now = logging.appender.getStatistics();
                    return now.delivered() == 1 || now.lastError() != null;
                });
                System.out.println(logging.appender.getStatistics().lastError());
                System.out.println(
                        logging.warnings().stream().anyMatch(said -> said.contains("Records do not reach the server")));
            }
        }
    }

    private List<String> run(List<String> options, String remote, String upload) {
        try (ChildJvm child =
                ChildJvm.with(options, Map.of(), Application.class, root.resolve("local"), remote, upload)) {
            List<String> printed = child.remainingLines();
            assertThat(child.waitFor()).isZero();
            return printed;
        }
    }

    @Test
    void theCertificateInTheJvmsKeyStoreIsShownToAServerThatDemandsOne() throws Exception {
        assertThat(run(options(trustStore(), keyStore()), server.url(), ""))
                .containsExactly("true []", "null", "false");
        assertThat(server.messages("p/s")).containsExactly("from the child");
        assertThat(server.requests.get(0).getHandshake().peerPrincipal().getName())
                .contains("CN=client");
    }

    @Test
    void withoutAKeyTheServerRefusesAndThatIsReported() throws Exception {
        List<String> printed = run(options(trustStore(), null), server.url(), "");
        assertThat(printed.get(0)).isEqualTo("true []");
        assertThat(printed.get(1)).as("in the system's words").isNotEqualTo("null");
        assertThat(server.requests).isEmpty();
    }

    @Test
    void withABrokenKeyStoreTheAppenderStartsAndReportsIt() throws Exception {
        String missing = root.resolve("nowhere").toString();
        List<String> printed = run(options(trustStore(), missing), server.url(), "");
        assertThat(printed.get(0)).isEqualTo("true []");
        assertThat(printed.get(1))
                .startsWith("the JVM's key store or trust store cannot be used (javax.net.ssl.keyStore is " + missing
                        + ", which cannot be read, javax.net.ssl.trustStore is ")
                .doesNotContain(PASSWORD);
        assertThat(printed.get(2)).isEqualTo("true");
        assertThat(server.requests).isEmpty();
    }

    /** A broken key store must not affect what does not need it. */
    @Test
    void aBrokenKeyStoreDoesNotMatterForPlainHttp() throws Exception {
        try (FakeDreamlake plain = FakeDreamlake.start()) {
            String garbage = Files.writeString(root.resolve("garbage"), "x").toString();
            assertThat(run(options(garbage, garbage), plain.url(), "")).containsExactly("true []", "null", "false");
            assertThat(plain.messages("p/s")).containsExactly("from the child");
        }
    }

    @Test
    void aTunnelThroughAProxyHasTheLoginAndTheServerDoesNotSeeIt() throws Exception {
        try (TestProxy proxy = new TestProxy(server.http.getPort(), Credentials.basic("alice", "pw"))) {
            String upload = "<proxy><host>localhost</host><port>" + proxy.port()
                    + "</port><user>alice</user><password>pw</password></proxy>";
            assertThat(run(options(trustStore(), keyStore()), server.url(), upload))
                    .containsExactly("true []", "null", "false");
            assertThat(proxy.passed)
                    .isNotEmpty()
                    .allMatch(line -> line.startsWith("CONNECT localhost:" + server.http.getPort()));
            assertThat(server.messages("p/s")).containsExactly("from the child");
            assertThat(server.requests)
                    .allSatisfy(request -> assertThat(request.getHeaders().get("Proxy-Authorization"))
                            .isNull());
        }
    }
}
