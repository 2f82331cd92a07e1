package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.io.LenientJson;
import ai.dreamlake.logback.internal.session.SessionName;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import okhttp3.Call;
import okhttp3.ConnectionSpec;
import okhttp3.EventListener;
import okhttp3.HttpUrl;
import okhttp3.Interceptor;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import okhttp3.ResponseBody;
import okio.Buffer;
import okio.BufferedSink;
import okio.BufferedSource;
import okio.GzipSink;
import okio.Okio;
import okio.Sink;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * Makes the calls to a Dreamlake server that uploads need.
 *
 * <pre>
 *   POST /workspaces/{workspace}/sessions   {"name": "run", "description": …}      returns the session's id
 *   POST /sessions/{id}/logs                {"logs": [{"timestamp": …}, …]}        returns the assigned numbers
 *   GET  /sessions/{id}/logs?limit=…&offset=…                                      returns the newest records
 * </pre>
 *
 * <p>Makes each call once; the caller decides whether to retry. Follows redirects on the same host only, so the token
 * goes nowhere else. Thread-safe; calls block.
 */
final class DreamlakeClient implements DreamlakeServer, Closeable {

    private static final MediaType JSON = MediaType.get("application/json");

    /** The most that is read of any response. */
    static final long MAX_RESPONSE_BYTES = 64 * 1024;

    /** The most that is kept of an error, which is meant for people to read. */
    static final int MAX_KEPT_CHARACTERS = 4 * 1024;

    private static final String PROXY_AUTHORIZATION = "Proxy-Authorization";
    private static final String USER_AGENT = "User-Agent";
    private static final String CONTENT_ENCODING = "Content-Encoding";
    private static final String RETRY_AFTER = "Retry-After";
    private static final String BEARER = "Bearer ";
    /** A shorter header value is not a secret, and may occur anywhere in a text. */
    private static final int MIN_SECRET = 8;

    private static final int MAX_REDIRECTS = 5;

    /** If the status of a response is enough, its body is read only if it arrives within this time. */
    private static final long MAX_BODY_WAIT_MILLIS = 1000;

    /** What happened to a request, noted by OkHttp's hooks on the thread that makes the call. */
    private static final class Progress {

        /** Whether the client began to send it. If so, it is unknown after a failure whether the server acted on it. */
        volatile boolean begun;

        /** The header {@code Retry-After} of the response. */
        volatile @Nullable String retryAfter;
    }

    /**
     * Removes {@code Retry-After} before OkHttp reads it. OkHttp resends a request by itself if the value is 0, and
     * throws a NumberFormatException if the value does not fit into an int.
     */
    private static Response withoutRetryAfter(Interceptor.Chain chain) throws IOException {
        Response response = chain.proceed(chain.request());
        Progress progress = chain.request().tag(Progress.class);
        if (progress != null) {
            progress.retryAfter = response.header(RETRY_AFTER);
        }
        return response.newBuilder().removeHeader(RETRY_AFTER).build();
    }

    /** A body that OkHttp does not resend by itself. */
    private static final class OneShot extends RequestBody {
        private final byte[] bytes;
        private final Runnable whenSent;

        OneShot(byte[] bytes, Runnable whenSent) {
            this.bytes = bytes;
            this.whenSent = whenSent;
        }

        @Override
        public MediaType contentType() {
            return JSON;
        }

        @Override
        public long contentLength() {
            return bytes.length;
        }

        @Override
        public boolean isOneShot() {
            return true;
        }

        @Override
        public void writeTo(BufferedSink sink) throws IOException {
            sink.write(bytes);
            sink.flush(); // otherwise the server would wait for the rest while we do something else
            whenSent.run();
        }
    }

    private final HttpUrl base;
    private final TokenSource token;
    private final String userAgent;
    private final UploadSettings settings;

    /**
     * Null before the first call, which builds it, and after closing, so that a stopped appender costs little memory.
     */
    private final AtomicReference<@Nullable OkHttpClient> http = new AtomicReference<>();

    private volatile String refusedToken = "";
    private volatile boolean compressing;
    private volatile boolean closed;

    DreamlakeClient(HttpUrl base, TokenSource token, UploadSettings settings, String userAgent) {
        this.base = base;
        this.token = token;
        this.compressing = settings.gzip();
        this.userAgent = userAgent;
        this.settings = settings;
    }

    /** The caller must not keep it after the call. */
    OkHttpClient http() throws IOException {
        OkHttpClient current = http.get();
        if (current == null) {
            http.compareAndSet(null, build());
            current = http.get();
        }
        if (closed || current == null) {
            http.set(null);
            throw stopped();
        }
        return current;
    }

    private static IOException stopped() {
        return new IOException("the appender is stopped");
    }

    /** Ends a call that {@link #close} did not cancel because it had only just begun. */
    private Response unlessClosed(Interceptor.Chain chain) throws IOException {
        if (closed) {
            throw stopped();
        }
        return chain.proceed(chain.request());
    }

    /**
     * Authorizes the request for a tunnel, which OkHttp makes for https. Null if the proxy has already refused that.
     */
    private static @Nullable Request toTunnel(Request request, String authorization) {
        return request.header(PROXY_AUTHORIZATION) == null && request.method().equals("CONNECT")
                ? request.newBuilder()
                        .header(PROXY_AUTHORIZATION, authorization)
                        .build()
                : null;
    }

    /**
     * Authorizes a request over plain http, the only kind that the proxy reads. This is done at once, not after a
     * refusal: a body cannot be sent again.
     */
    private static Request toProxy(Request request, String authorization) {
        return request.isHttps()
                ? request
                : request.newBuilder()
                        .header(PROXY_AUTHORIZATION, authorization)
                        .build();
    }

    /** Called on the thread of the first call: this reads the JVM's key store, which may be broken. */
    private OkHttpClient build() throws IOException {
        OkHttpClient.Builder builder = new OkHttpClient.Builder()
                .socketFactory(new UndelayedSockets())
                .connectTimeout(settings.connectTimeout())
                .callTimeout(settings.callTimeout())
                // The call's timeout covers these.
                .readTimeout(settings.callTimeout())
                .writeTimeout(settings.callTimeout())
                .addInterceptor(this::unlessClosed)
                .addNetworkInterceptor(DreamlakeClient::withoutRetryAfter)
                .followRedirects(false)
                .retryOnConnectionFailure(false)
                .eventListener(new EventListener() {
                    @Override
                    public void requestHeadersStart(Call call) {
                        Progress progress = call.request().tag(Progress.class);
                        if (progress != null) {
                            progress.begun = true;
                        }
                    }
                });
        String authorization = settings.proxyAuthorization();
        if (authorization != null) {
            builder.proxyAuthenticator((route, refusal) -> toTunnel(refusal.request(), authorization))
                    .addNetworkInterceptor(chain -> chain.proceed(toProxy(chain.request(), authorization)));
        }
        try {
            JvmTls tls = JvmTls.load();
            builder.sslSocketFactory(tls.sockets(), tls.trust());
        } catch (IOException unusable) {
            if (base.isHttps()) {
                throw unusable;
            }
            builder.connectionSpecs(List.of(ConnectionSpec.CLEARTEXT)); // plain http needs no TLS
        }
        return builder.proxy(settings.proxy()).build();
    }

    @Override
    public ServerResponse upsert(SessionName session, ObjectNode description) throws NoResponseException {
        HttpUrl url = base.newBuilder()
                .addPathSegment("workspaces")
                .addPathSegment(session.workspace())
                .addPathSegment("sessions")
                .build();
        return call(post(url, LenientJson.TREES.writeValueAsBytes(description), () -> {}), true);
    }

    @Override
    public ServerResponse send(String sessionId, byte[] batch, String key, Runnable whileWaiting)
            throws NoResponseException {
        return call(post(logs(sessionId), batch, whileWaiting).header("Idempotency-Key", key), false);
    }

    @Override
    public ServerResponse newest(String sessionId, int limit, int offset) throws NoResponseException {
        HttpUrl url = logs(sessionId)
                .newBuilder()
                .addQueryParameter("limit", Integer.toString(limit))
                .addQueryParameter("offset", Integer.toString(offset))
                .addQueryParameter("orderBy", "sequenceNumber")
                .addQueryParameter("order", "desc")
                .build();
        return call(request(url).get(), true);
    }

    @Override
    public String refusedToken() {
        return refusedToken;
    }

    /** Whether the bodies of the next calls are compressed. */
    boolean isCompressing() {
        return compressing;
    }

    @Override
    public void stopCompressing() {
        compressing = false;
    }

    private HttpUrl logs(String sessionId) {
        return base.newBuilder()
                .addPathSegment("sessions")
                .addPathSegment(sessionId)
                .addPathSegment("logs")
                .build();
    }

    private Request.Builder request(HttpUrl url) {
        Request.Builder request = new Request.Builder().url(url).headers(settings.headers());
        return settings.headers().get(USER_AGENT) != null ? request : request.header(USER_AGENT, userAgent);
    }

    private Request.Builder post(HttpUrl url, byte[] json, Runnable whenSent) {
        if (!compressing) {
            return request(url).post(new OneShot(json, whenSent));
        }
        Buffer compressed = new Buffer();
        try (BufferedSink sink = Okio.buffer((Sink) new GzipSink(compressed))) {
            sink.write(json);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible); // it writes to memory only
        }
        return request(url).header(CONTENT_ENCODING, "gzip").post(new OneShot(compressed.readByteArray(), whenSent));
    }

    /** @param needsBody whether a successful response is useless if its body cannot be read */
    private ServerResponse call(Request.Builder prepared, boolean needsBody) throws NoResponseException {
        Request request =
                prepared.header("Authorization", BEARER + currentToken()).build();
        for (int redirects = 0; ; redirects++) {
            Progress progress = new Progress();
            Request tagged = request.newBuilder().tag(Progress.class, progress).build();
            try {
                OkHttpClient client = http();
                Call call = client.newCall(tagged);
                try (Response response = call.execute()) {
                    Request next = redirects < MAX_REDIRECTS ? redirected(response, request) : null;
                    if (next == null) {
                        return read(call, response, needsBody, progress.retryAfter);
                    }
                    request = next;
                } finally {
                    if (closed) {
                        client.connectionPool().evictAll(); // this call's connection has just been returned to it
                    }
                }
            } catch (IOException failure) {
                throw new NoResponseException(failure, progress.begun);
            } catch (RuntimeException unexpected) {
                // Any failure that a server provokes in OkHttp is a failed attempt, too.
                throw new NoResponseException(new IOException(unexpected), progress.begun);
            }
        }
    }

    private String currentToken() throws NoResponseException {
        try {
            return token.token();
        } catch (IOException noToken) {
            throw new NoResponseException(noToken, false);
        }
    }

    /**
     * The same request to the redirect's target, if that is the same host and no downgrade to plain HTTP; else null.
     */
    private static @Nullable Request redirected(Response response, Request request) {
        int status = response.code();
        if (status != 301 && status != 302 && status != 307 && status != 308) {
            return null;
        }
        String location = response.header("Location");
        HttpUrl target = location == null ? null : request.url().resolve(location);
        if (target == null
                || !target.host().equals(request.url().host())
                || request.url().isHttps() && !target.isHttps()) {
            return null;
        }
        return request.newBuilder().url(target).build();
    }

    private ServerResponse read(Call call, Response response, boolean needsBody, @Nullable String retryAfter)
            throws IOException {
        if (response.code() == 401) {
            refusedToken = sentToken(response);
        }
        BufferedSource source = response.body().source();
        try {
            if (response.isSuccessful() && !needsBody) {
                source.timeout().deadline(MAX_BODY_WAIT_MILLIS, TimeUnit.MILLISECONDS);
            }
            if (source.request(MAX_RESPONSE_BYTES)) {
                call.cancel(); // otherwise, closing the response would read the rest of it
            }
        } catch (IOException unreadable) {
            if (response.isSuccessful() && needsBody) {
                throw unreadable;
            }
        }
        String body = text(response, source.getBuffer());
        return new ServerResponse(
                response.code(),
                response.isSuccessful() ? body : kept(body, sentToken(response)),
                ServerResponse.retryAfter(retryAfter, Instant.now()),
                response.request().header(CONTENT_ENCODING) != null);
    }

    /** The part of a response's body that has arrived. */
    private static String text(Response response, Buffer arrived) throws IOException {
        Buffer beginning = new Buffer();
        arrived.copyTo(beginning, 0, Math.min(arrived.size(), MAX_RESPONSE_BYTES));
        return ResponseBody.create(beginning, response.body().contentType(), beginning.size())
                .string();
    }

    /**
     * The beginning of an error. A server may quote the request, but the request's secrets must not get into a file.
     */
    private String kept(String body, String token) {
        String shown = body.replace(token, "[token]");
        for (int header = 0; header < settings.headers().size(); header++) {
            String value = settings.headers().value(header);
            if (value.length() >= MIN_SECRET) {
                shown = shown.replace(value, "[header]");
            }
        }
        return shown.substring(0, Math.min(shown.length(), MAX_KEPT_CHARACTERS));
    }

    private static String sentToken(Response response) {
        return Objects.requireNonNull(response.request().header("Authorization"))
                .substring(BEARER.length());
    }

    @Override
    public boolean isClosed() {
        return closed;
    }

    @Override
    public void close() {
        close(() -> {});
    }

    /**
     * Cancels all calls, refuses new ones, closes the connections, and releases OkHttp.
     *
     * @param awaitCalls returns when running calls have ended. A call whose response is being read is not canceled, and
     *     returns its connection only when it ends. OkHttp would keep that connection for five minutes, with a thread
     */
    void close(Runnable awaitCalls) {
        closed = true;
        OkHttpClient current = http.getAndSet(null);
        if (current != null) {
            current.dispatcher().cancelAll();
            current.connectionPool().evictAll();
        }
        awaitCalls.run();
        if (current != null) {
            current.connectionPool().evictAll();
        }
    }
}
