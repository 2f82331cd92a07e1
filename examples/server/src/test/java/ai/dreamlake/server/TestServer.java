package ai.dreamlake.server;

import ai.dreamlake.server.http.Tokens;
import ai.dreamlake.server.store.Store;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A server in this JVM, on a port that the system chooses, with a client for it. */
final class TestServer implements AutoCloseable {

    static final JsonMapper JSON = new JsonMapper();
    static final Tokens TOKENS = new Tokens(Settings.DEVELOPMENT_SECRET);
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    final DreamlakeServer server;
    final String url;

    /** Sent with each request; null for none. */
    String token = TOKENS.ofName("alice", Instant.now());

    TestServer(Path data) {
        this(data, Map.of());
    }

    TestServer(Path data, Map<String, String> environment) {
        this(data, environment, null);
    }

    /** @param store the store to use and close; null for the one that the environment names */
    TestServer(Path data, Map<String, String> environment, Store store) {
        Map<String, String> all = new java.util.HashMap<>(Map.of("PORT", "0", "DATA_PATH", data.toString()));
        all.putAll(environment);
        Settings settings = Settings.of(all);
        server = store == null ? new DreamlakeServer(settings) : new DreamlakeServer(settings, store);
        url = "http://localhost:" + server.port();
    }

    /** An answer of the server. */
    record Reply(int status, String body, HttpResponse<String> response) {
        JsonNode json() {
            return JSON.readTree(body);
        }

        String error() {
            return json().get("error").stringValue();
        }
    }

    Reply get(String path, String... headers) {
        return send(HttpRequest.newBuilder().GET(), path, headers);
    }

    Reply post(String path, String body, String... headers) {
        return send(HttpRequest.newBuilder().POST(BodyPublishers.ofString(body)), path, headers);
    }

    Reply send(HttpRequest.Builder request, String path, String... headers) {
        request.uri(URI.create(url + path));
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        try {
            HttpResponse<String> response = CLIENT.send(request.build(), BodyHandlers.ofString());
            return new Reply(response.statusCode(), response.body(), response);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** The id of a session, which is created if necessary. */
    String session(String workspace, String name) {
        Reply reply = post("/workspaces/" + workspace + "/sessions", "{\"name\": \"" + name + "\"}");
        return reply.json().get("session").get("id").stringValue();
    }

    static String batch(String... messages) {
        List<String> records = new ArrayList<>();
        for (String message : messages) {
            records.add("{\"timestamp\": \"2025-10-29T10:30:00.123456Z\", \"level\": \"info\", \"message\": \""
                    + message + "\"}");
        }
        return "{\"logs\": [" + String.join(", ", records) + "]}";
    }

    Reply append(String session, String key, String batch) {
        return key == null
                ? post("/sessions/" + session + "/logs", batch)
                : post("/sessions/" + session + "/logs", batch, "Idempotency-Key", key);
    }

    /** All records of a session, in the order of their numbers, which must be 0, 1, 2 … */
    List<JsonNode> records(String session) {
        List<JsonNode> records = new ArrayList<>();
        boolean hasMore = true;
        while (hasMore) {
            JsonNode page = get("/sessions/" + session + "/logs?limit=1000&offset=" + records.size())
                    .json();
            for (JsonNode record : page.get("logs")) {
                if (record.get("sequenceNumber").longValue() != records.size()) {
                    throw new AssertionError("record " + records.size() + " is " + record);
                }
                records.add(record);
            }
            hasMore = page.get("hasMore").booleanValue();
        }
        return records;
    }

    List<String> messages(String session) {
        return records(session).stream()
                .map(record -> record.get("message").stringValue())
                .toList();
    }

    @Override
    public void close() {
        server.close();
    }
}
