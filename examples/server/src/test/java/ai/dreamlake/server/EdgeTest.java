package ai.dreamlake.server;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.server.TestServer.Reply;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Date;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The first steps of a request: errors, headers that protect browsers, sign-in, and the rate limit. */
@Timeout(60)
class EdgeTest {

    private static final String JSON = "application/json";

    @TempDir
    Path data;

    private TestServer server;

    private void start(String... variables) {
        Map<String, String> environment = new java.util.HashMap<>();
        for (int i = 0; i < variables.length; i += 2) {
            environment.put(variables[i], variables[i + 1]);
        }
        server = new TestServer(data, environment);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private static String header(Reply reply, String name) {
        return reply.response().headers().firstValue(name).orElse("");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET /%zz HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n | 400",
                "GET / HTTP/1.1\\r\\n\\r\\n | 400",
                "nonsense\\r\\n\\r\\n | 400",
                "GET / HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: x\\r\\n\\r\\n | 400",
                "GET /LONG HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n | 414",
                "GET / HTTP/1.1\\r\\nHost: x\\r\\nX: LONG\\r\\n\\r\\n | 431",
                "GET / HTTP/9.9\\r\\nHost: x\\r\\n\\r\\n | 505",
            })
    void anInvalidRequestGetsAJsonErrorLikeAllOthers(String request, int status) throws IOException {
        start();
        try (RawClient client = new RawClient(server.server.port())) {
            String answer = client.send(request.replace("\\r\\n", "\r\n").replace("LONG", "x".repeat(100_000)))
                    .readAnswer();
            assertThat(answer).startsWith("HTTP/1.1 " + status + " ");
            assertThat(answer).containsIgnoringCase("content-type: application/json");
            assertThat(answer.substring(answer.indexOf("\n\n"))).matches("\n\n\\{\"error\":\".+\"}");
        }
    }

    @Test
    void anUnknownCallGetsAJsonErrorLikeAllOthers() {
        start();
        assertThat(server.get("/nothing/here").status()).isEqualTo(404);
        assertThat(server.get("/nothing/here").error()).isNotEmpty();
        Reply wrong = server.send(HttpRequest.newBuilder().DELETE(), "/sessions");
        assertThat(wrong.status()).isEqualTo(405);
        assertThat(wrong.error()).isNotEmpty();
    }

    @Test
    void aBrowserIsToldToTrustNothingElse() {
        start();
        for (String path : new String[] {"/", "/page.js", "/health", "/nothing/here"}) {
            Reply reply = server.get(path);
            assertThat(header(reply, "X-Content-Type-Options")).as(path).isEqualTo("nosniff");
            assertThat(header(reply, "Content-Security-Policy"))
                    .as(path)
                    .contains("frame-ancestors 'none'", "default-src 'self'")
                    .doesNotContain("unsafe");
            assertThat(header(reply, "Server")).as(path).isEmpty();
        }
    }

    private Reply signIn(String... headers) {
        return server.post("/sign-in", "{\"userName\": \"alice\"}", headers);
    }

    @Test
    void anotherPageCannotSignAnybodyIn() throws IOException {
        start();
        assertThat(signIn("Content-Type", JSON).status()).as("no browser").isEqualTo(200);
        assertThat(signIn("Content-Type", JSON, "Origin", server.url).status()).isEqualTo(200);
        assertThat(signIn("Content-Type", JSON, "Sec-Fetch-Site", "same-origin").status())
                .isEqualTo(200);
        assertThat(signIn("Content-Type", JSON, "Origin", "http://example.com").status())
                .isEqualTo(403);
        assertThat(signIn("Content-Type", JSON, "Origin", "null").status()).isEqualTo(403);
        assertThat(signIn("Content-Type", JSON, "Sec-Fetch-Site", "cross-site", "Origin", server.url)
                        .status())
                .isEqualTo(403);
        assertThat(signIn("Content-Type", "text/plain").status())
                .as("what a form can send")
                .isEqualTo(415);
        assertThat(signIn().status()).isEqualTo(415);
    }

    @Test
    void theCookieIsForTlsOnlyIfATrustedProxySaysThatThereIsTls() {
        start();
        assertThat(header(signIn("Content-Type", JSON, "X-Forwarded-Proto", "https"), "Set-Cookie"))
                .isNotEmpty()
                .doesNotContain("Secure");
        stop();
        start("TRUST_PROXY", "true");
        assertThat(header(signIn("Content-Type", JSON, "X-Forwarded-Proto", "https"), "Set-Cookie"))
                .contains("Secure");
        assertThat(header(signIn("Content-Type", JSON, "X-Forwarded-Proto", "http"), "Set-Cookie"))
                .doesNotContain("Secure");
    }

    @Test
    void aClientAboveItsRateIsToldWhenToRetryAndNobodyElseIs() {
        start("MAX_REQUESTS_PER_SECOND", "1");
        Reply reply = server.get("/sessions");
        int served = 0;
        while (reply.status() == 200) {
            served++;
            reply = server.get("/sessions");
        }
        assertThat(served).isGreaterThanOrEqualTo(5);
        assertThat(reply.status()).isEqualTo(429);
        assertThat(header(reply, "Retry-After")).isEqualTo("1");
        assertThat(reply.error()).isEqualTo("too many requests");
        server.token = TestServer.TOKENS.ofName("bob", Instant.now());
        assertThat(server.get("/sessions").status()).isEqualTo(200);
        server.token = null;
        for (int i = 0; i < 20; i++) {
            assertThat(server.get("/health").status()).isEqualTo(200);
        }
    }

    @Test
    void behindATrustedProxyEachOfItsClientsIsCounted() {
        start("MAX_REQUESTS_PER_SECOND", "1", "TRUST_PROXY", "true");
        server.token = null;
        int served = 0;
        Reply reply = server.get("/", "X-Forwarded-For", "203.0.113.0, 192.0.2.1");
        while (reply.status() == 200) {
            served++;
            String invented = "203.0.113." + served;
            reply = server.get("/", "X-Forwarded-For", invented + ", 192.0.2.1");
            assertThat(served)
                    .as("the client may have invented the entries before")
                    .isLessThan(250);
        }
        assertThat(reply.status()).isEqualTo(429);
        assertThat(server.get("/", "X-Forwarded-For", "203.0.113.0, 192.0.2.2").status())
                .isEqualTo(200);
    }

    @Test
    void tokensOfTodaysDreamlakeAreAccepted() throws Exception {
        start();
        SignedJWT token = new SignedJWT(
                new JWSHeader(JWSAlgorithm.HS256),
                new JWTClaimsSet.Builder()
                        .subject("3159282601")
                        .claim("username", "alice")
                        .expirationTime(Date.from(Instant.now().plusSeconds(600)))
                        .build());
        token.sign(new MACSigner(Settings.DEVELOPMENT_SECRET));
        String id = server.session("w", "s");
        server.token = token.serialize();
        assertThat(server.session("w", "s")).as("the same user").isEqualTo(id);
        Reply reply = server.post("/workspaces/w/sessions", "{\"name\": \"s\"}");
        assertThat(reply.json().get("namespace").stringValue()).isEqualTo("alice");
    }
}
