package ai.dreamlake.logback.internal.upload;

import static ai.dreamlake.logback.support.FakeDreamlake.answer;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ai.dreamlake.logback.support.FakeDreamlake;
import ai.dreamlake.logback.support.UglyServer;
import java.lang.ref.WeakReference;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import kotlin.Pair;
import mockwebserver3.MockResponse;
import okhttp3.Headers;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okio.Buffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is sent over the wire, and how much of the response is read. */
@Timeout(90)
class DreamlakeClientTest {

    private static final Duration LONG = Duration.ofHours(1);
    private static final byte[] BATCH = "{\"logs\": []}".getBytes(StandardCharsets.UTF_8);

    private static final Headers HEADERS = Headers.of("X-Tenant", "tenant-42", "X-Short", "x");

    private final FakeDreamlake server = FakeDreamlake.start();

    @AfterEach
    void stop() {
        server.close();
    }

    private static UploadSettings settings(Duration callTimeout, boolean gzip) {
        return new UploadSettings(
                1000, 900_000, Duration.ofMillis(1), LONG, callTimeout, 4, gzip, LONG, HEADERS, null, null);
    }

    private static DreamlakeClient client(String url, Duration callTimeout) {
        return new DreamlakeClient(HttpUrl.get(url), () -> FakeDreamlake.TOKEN, settings(callTimeout, false), "test");
    }

    private static ServerResponse send(DreamlakeClient client) throws Exception {
        return client.send("id", BATCH, "key", () -> {});
    }

    @Test
    void ofAnEndlessErrorTheStatusCountsAndTheBeginningIsKept() throws Exception {
        try (UglyServer ugly = new UglyServer(UglyServer.Manner.NEVER_ENDS);
                DreamlakeClient client = client("http://localhost:" + ugly.port(), LONG)) {
            ServerResponse response = send(client);
            assertThat(response.status()).isEqualTo(500);
            assertThat(response.body()).startsWith("on and on ").hasSize(DreamlakeClient.MAX_KEPT_CHARACTERS);
        }
    }

    @Test
    void ofAnErrorThatTricklesTheStatusCountsWhenTheTimeIsUp() throws Exception {
        server.instead.set(request -> new MockResponse.Builder()
                .code(500)
                .body(new Buffer().writeUtf8("x".repeat(100_000)))
                .throttleBody(1, 1, TimeUnit.MILLISECONDS)
                .build());
        ServerResponse response = sendInTime(Duration.ofMillis(500));
        assertThat(response.status()).isEqualTo(500);
        assertThat(response.body()).isNotEmpty().hasSizeLessThanOrEqualTo(DreamlakeClient.MAX_KEPT_CHARACTERS);
    }

    /** On a busy machine, the time may be up before the answer begins. Then this tries again with more time. */
    private ServerResponse sendInTime(Duration callTimeout) throws Exception {
        try (DreamlakeClient client = client(server.url(), callTimeout)) {
            return send(client);
        } catch (DreamlakeServer.NoResponseException tooEarly) {
            assertThat(callTimeout).isLessThan(Duration.ofMinutes(1));
            return sendInTime(callTimeout.multipliedBy(4));
        }
    }

    @Test
    void anAnswerIsReadUpToALimitAndTheNextCallSucceeds() throws Exception {
        server.instead.set(request -> answer(200, "x".repeat(1_000_000)));
        try (DreamlakeClient client = client(server.url(), LONG)) {
            for (int i = 0; i < 3; i++) {
                assertThat(client.newest("id", 10, 0).body()).hasSize((int) DreamlakeClient.MAX_RESPONSE_BYTES);
            }
        }
    }

    /** The token must not get into a file, not even its beginning, if the limit would cut it. */
    @Test
    void aQuotedTokenIsRemovedBeforeTheAnswerIsCut() throws Exception {
        String text = "x".repeat(DreamlakeClient.MAX_KEPT_CHARACTERS - 6);
        server.instead.set(request -> answer(400, text + FakeDreamlake.TOKEN));
        try (DreamlakeClient client = client(server.url(), LONG)) {
            assertThat(send(client).body()).isEqualTo(text + "[token");
        }
    }

    /** Otherwise the server would wait for the rest of the batch, and the two would not work at the same time. */
    @Test
    void theServerHasTheWholeBatchWhileTheClientDoesSomethingElse() throws Exception {
        CountDownLatch arrived = new CountDownLatch(1);
        server.instead.set(request -> {
            arrived.countDown();
            return answer(200, "{}");
        });
        try (DreamlakeClient client = client(server.url(), LONG)) {
            FutureTask<Boolean> hasArrived = new FutureTask<>(() -> arrived.await(60, TimeUnit.SECONDS));
            byte[] batch = ("{\"logs\": [\"" + "x".repeat(300_001) + "\"]}").getBytes(StandardCharsets.UTF_8);
            assertThat(client.send("id", batch, "key", hasArrived).isSuccess()).isTrue();
            assertThat(hasArrived.get()).isTrue();
        }
    }

    @Test
    void theNewestRecordsAreRequestedInPages() throws Exception {
        try (DreamlakeClient client = client(server.url(), LONG)) {
            client.newest("id", 10, 20);
            assertThat(server.requests.get(0).getTarget())
                    .isEqualTo("/sessions/id/logs?limit=10&offset=20&orderBy=sequenceNumber&order=desc");
        }
    }

    /** OkHttp reads this header of a 503 itself: it throws on a long number, and resends the request on a 0. */
    @ParameterizedTest
    @CsvSource({
        "503, 0, 0",
        "503, 1, 1",
        "503, 4000000000, 3600",
        "503, 99999999999999999999999, 3600",
        "503, -5, 0",
        "503, abc, 0",
        "429, 4000000000, 3600",
        "429, 0, 0",
        "408, 4000000000, 3600",
        "200, 4000000000, 3600"
    })
    void anyRetryAfterArrivesAndOneCallIsOneRequest(int status, String header, int seconds) throws Exception {
        server.instead.set(request -> answer(status, "Retry-After", header));
        try (DreamlakeClient client = client(server.url(), LONG)) {
            assertThat(send(client))
                    .returns(status, ServerResponse::status)
                    .returns(Duration.ofSeconds(seconds), ServerResponse::retryAfter);
            assertThat(client.newest("id", 1, 0))
                    .returns(status, ServerResponse::status)
                    .returns(Duration.ofSeconds(seconds), ServerResponse::retryAfter);
        }
        assertThat(server.requests).hasSize(2);
    }

    /**
     * A response to a call that was under way when compressing stopped must still be known as one to a compressed call.
     */
    @Test
    void callsAreNotCompressedOnceCompressingStops() throws Exception {
        server.instead.set(request -> answer(415, ""));
        try (DreamlakeClient client = new DreamlakeClient(
                HttpUrl.get(server.url()), () -> FakeDreamlake.TOKEN, settings(LONG, true), "test")) {
            assertThat(client.isCompressing()).isTrue();
            assertThat(send(client).isRefusalOfCompression()).isTrue();
            assertThat(client.newest("id", 1, 0).isRefusalOfCompression())
                    .as("it has no body")
                    .isFalse();
            client.stopCompressing();
            assertThat(client.isCompressing()).isFalse();
            assertThat(send(client).isRefusalOfCompression()).isFalse();
        }
        assertThat(server.requests)
                .extracting(request -> request.getHeaders().get("Content-Encoding"))
                .containsExactly("gzip", null, null);
        assertThat(FakeDreamlake.body(server.requests.get(0))).isEqualTo(FakeDreamlake.body(server.requests.get(2)));
    }

    /** A thread of Okio holds the last call until its timeout would expire, whatever its outcome. */
    @Test
    void aClosedClientHoldsNothingOfOkHttpAndMakesNoCall() throws Exception {
        DreamlakeClient client = client(server.url(), Duration.ofSeconds(5));
        send(client);
        List<WeakReference<?>> released = List.of(
                new WeakReference<>(client.http()),
                new WeakReference<>(client.http().connectionPool()));
        client.close();
        await().atMost(Duration.ofSeconds(60)).until(() -> {
            System.gc();
            return released.stream().allMatch(reference -> reference.get() == null);
        });
        assertThatThrownBy(() -> send(client)).hasMessageContaining("the appender is stopped");
        assertThat(server.requests).hasSize(1);
        client.close();
    }

    @Test
    void aWaitingCallEndsWithTheClient() throws Exception {
        CountDownLatch arrived = new CountDownLatch(1);
        server.instead.set(request -> {
            arrived.countDown();
            return new MockResponse.Builder().headersDelay(1, TimeUnit.DAYS).build();
        });
        DreamlakeClient client = client(server.url(), LONG);
        FutureTask<ServerResponse> waiting = new FutureTask<>(() -> send(client));
        Thread thread = new Thread(waiting);
        thread.start();
        arrived.await();
        client.close();
        assertThatThrownBy(() -> waiting.get()).hasCauseInstanceOf(DreamlakeClient.NoResponseException.class);
        thread.join();
    }

    @Test
    void aConnectionWhoseCallEndsAfterTheCancellationIsClosedToo() throws Exception {
        server.instead.set(request -> new MockResponse.Builder()
                .body("{}")
                .bodyDelay(300, TimeUnit.MILLISECONDS)
                .build());
        DreamlakeClient client = client(server.url(), LONG);
        OkHttpClient http = client.http();
        FutureTask<ServerResponse> reading = new FutureTask<>(() -> client.newest("id", 1, 0));
        Thread thread = new Thread(reading);
        thread.start();
        await().until(() -> http.connectionPool().connectionCount() == 1
                && http.dispatcher().runningCallsCount() == 0);
        client.close(() -> {
            try {
                thread.join();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        assertThat(reading.get().body()).isEqualTo("{}");
        assertThat(http.connectionPool().connectionCount()).isZero();
    }

    @Test
    void eachCallHasTheConfiguredHeadersAndNoStoredErrorQuotesThem() throws Exception {
        server.instead.set(request -> request.getTarget().endsWith("/moved")
                ? answer(400, "you are tenant-42, and x")
                : answer(307, "Location", "/moved"));
        try (DreamlakeClient client = client(server.url(), LONG)) {
            assertThat(send(client).body()).isEqualTo("you are [header], and x");
            client.newest("id", 1, 0);
        }
        assertThat(server.requests)
                .hasSize(4)
                .allSatisfy(request -> assertThat(request.getHeaders())
                        .contains(new Pair<>("X-Tenant", "tenant-42"), new Pair<>("User-Agent", "test")));
    }
}
