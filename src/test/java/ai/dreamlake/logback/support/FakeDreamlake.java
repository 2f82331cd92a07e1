package ai.dreamlake.logback.support;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import javax.net.ServerSocketFactory;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import okhttp3.HttpUrl;
import okio.Buffer;
import okio.GzipSource;
import okio.Okio;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A Dreamlake server on a real socket, as far as logs need it, with switches for everything that goes wrong with
 * servers. What it stores it stores as the protocol says.
 */
public final class FakeDreamlake implements AutoCloseable {

    public static final String TOKEN = "secret-token-1234567890";

    /** Takes strings of any length: a record may be long. */
    private static final JsonMapper JSON = new JsonMapper(JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .build());

    public final MockWebServer http = new MockWebServer();
    public final List<RecordedRequest> requests = new CopyOnWriteArrayList<>();

    /** Asked before each request is served; an answer of its own comes instead. Null: served as usual. */
    public final AtomicReference<Function<RecordedRequest, MockResponse>> instead =
            new AtomicReference<>(request -> null);

    /** Asked when a request was served; an answer of its own is sent, as if what was stored were stored silently. */
    public final AtomicReference<Function<RecordedRequest, MockResponse>> afterwards =
            new AtomicReference<>(request -> null);

    public volatile boolean honoursKeys = true;
    public volatile boolean answersQueries = true;
    public volatile String token = TOKEN;
    public volatile long millisPerRequest;
    public final AtomicInteger atATime = new AtomicInteger();
    public final AtomicInteger mostAtATime = new AtomicInteger();

    // Guarded by this.
    private final Map<String, ObjectNode> sessions = new LinkedHashMap<>();
    private final Map<String, List<ObjectNode>> logs = new LinkedHashMap<>();
    private final Set<String> keys = new HashSet<>();

    private FakeDreamlake() {
        http.setServerSocketFactory(new UndelayedAnswers());
    }

    /** MockWebServer writes an answer in pieces; by default the system holds back the second one for 40 ms. */
    private static final class UndelayedAnswers extends ServerSocketFactory {
        @Override
        public ServerSocket createServerSocket() throws IOException {
            return new ServerSocket() {
                @Override
                public Socket accept() throws IOException {
                    Socket connection = super.accept();
                    connection.setTcpNoDelay(true);
                    return connection;
                }
            };
        }

        @Override
        public ServerSocket createServerSocket(int port) {
            throw new UnsupportedOperationException();
        }

        @Override
        public ServerSocket createServerSocket(int port, int backlog) {
            throw new UnsupportedOperationException();
        }

        @Override
        public ServerSocket createServerSocket(int port, int backlog, InetAddress address) {
            throw new UnsupportedOperationException();
        }
    }

    public static FakeDreamlake start() {
        return start(0);
    }

    public static FakeDreamlake start(int port) {
        FakeDreamlake server = new FakeDreamlake();
        server.http.setDispatcher(new Dispatcher() {
            @Override
            public MockResponse dispatch(RecordedRequest request) throws InterruptedException {
                return server.dispatch(request);
            }
        });
        try {
            server.http.start(port);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return server;
    }

    public String url() {
        return http.url("/").toString();
    }

    @Override
    public void close() {
        http.close();
    }

    private MockResponse dispatch(RecordedRequest request) throws InterruptedException {
        requests.add(request);
        mostAtATime.accumulateAndGet(atATime.incrementAndGet(), Math::max);
        try {
            if (millisPerRequest > 0) {
                Thread.sleep(millisPerRequest); // the network's time, not a test's
            }
            MockResponse response = instead.get().apply(request);
            if (response != null) {
                return response;
            }
            response = serve(request);
            MockResponse other = afterwards.get().apply(request);
            return other != null ? other : response;
        } finally {
            atATime.decrementAndGet();
        }
    }

    private synchronized MockResponse serve(RecordedRequest request) {
        if (!("Bearer " + token).equals(request.getHeaders().get("Authorization"))) {
            return answer(401, "{\"error\": \"bad token\"}");
        }
        List<String> path = request.getUrl().pathSegments();
        boolean isPost = request.getMethod().equals("POST");
        if (isPost
                && path.size() == 3
                && path.get(0).equals("workspaces")
                && path.get(2).equals("sessions")) {
            return upsert(path.get(1), (ObjectNode) JSON.readTree(body(request)));
        }
        if (path.size() == 3 && path.get(0).equals("sessions") && path.get(2).equals("logs")) {
            String id = path.get(1);
            if (!logs.containsKey(id)) {
                return answer(404, "{\"error\": \"no such session\"}");
            }
            return isPost ? store(id, request) : query(id, request.getUrl());
        }
        return answer(404, "{\"error\": \"no such path\"}");
    }

    private MockResponse upsert(String workspace, ObjectNode given) {
        String name = workspace + "/" + given.get("name").stringValue();
        ObjectNode session = sessions.get(name);
        boolean isNew = session == null;
        if (isNew) {
            session = JSON.createObjectNode().put("id", "id-" + sessions.size());
            sessions.put(name, session);
            logs.put(session.get("id").stringValue(), new ArrayList<>());
        }
        session.setAll(given);
        ObjectNode answer = JSON.createObjectNode();
        answer.set("session", session);
        return answer(isNew ? 201 : 200, answer.toString());
    }

    private MockResponse store(String id, RecordedRequest request) {
        List<ObjectNode> stored = logs.get(id);
        int start = stored.size();
        JsonNode records = JSON.readTree(body(request)).get("logs");
        String key = request.getHeaders().get("Idempotency-Key");
        if (!honoursKeys || keys.add(id + key)) {
            for (JsonNode record : records) {
                stored.add(((ObjectNode) record).put("sequenceNumber", stored.size()));
            }
        } else {
            start -= records.size();
        }
        return answer(
                200,
                "{\"created\": " + records.size() + ", \"startSequence\": " + start + ", \"endSequence\": "
                        + (start + records.size() - 1) + ", \"sessionId\": \"" + id + "\"}");
    }

    private MockResponse query(String id, HttpUrl url) {
        if (!answersQueries) {
            return answer(404, "{\"error\": \"not found\"}");
        }
        List<ObjectNode> newest = new ArrayList<>(logs.get(id));
        Collections.reverse(newest);
        int limit = Integer.parseInt(url.queryParameter("limit"));
        ArrayNode answer = JSON.createArrayNode();
        int offset = Integer.parseInt(url.queryParameter("offset"));
        newest.stream().skip(offset).limit(limit).forEach(record -> {
            ObjectNode shown = record.deepCopy();
            // A database that keeps milliseconds.
            shown.put("timestamp", record.get("timestamp").stringValue().substring(0, 23) + "Z");
            answer.add(shown);
        });
        return answer(
                200,
                JSON.createObjectNode()
                        .<ObjectNode>set("logs", answer)
                        .put("hasMore", newest.size() > offset + limit)
                        .toString());
    }

    public static MockResponse answer(int code, String body) {
        return new MockResponse.Builder().code(code).body(body).build();
    }

    public static MockResponse answer(int code, String header, String value) {
        return new MockResponse.Builder()
                .code(code)
                .addHeader(header, value)
                .body("{\"error\": \"try later\"}")
                .build();
    }

    public static boolean isLogs(RecordedRequest request) {
        return request.getMethod().equals("POST") && request.getTarget().endsWith("/logs");
    }

    public static String body(RecordedRequest request) {
        try {
            if (!"gzip".equals(request.getHeaders().get("Content-Encoding"))) {
                return request.getBody().utf8();
            }
            return Okio.buffer(new GzipSource(new Buffer().write(request.getBody())))
                    .readUtf8();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** What a session was created with, or null. */
    public synchronized ObjectNode session(String name) {
        return sessions.get(name);
    }

    public synchronized void forgetSessions() {
        sessions.clear();
        logs.clear();
    }

    public synchronized int sessionCount() {
        return sessions.size();
    }

    /** The records of a session, in the order of their numbers. */
    public synchronized List<ObjectNode> records(String name) {
        ObjectNode session = sessions.get(name);
        return session == null
                ? List.of()
                : List.copyOf(logs.get(session.get("id").stringValue()));
    }

    public List<String> messages(String name) {
        return records(name).stream()
                .map(record -> record.get("message").stringValue())
                .toList();
    }
}
