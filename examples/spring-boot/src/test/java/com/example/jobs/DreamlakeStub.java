package com.example.jobs;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The part of a Dreamlake server that a client needs to deliver records. */
final class DreamlakeStub implements AutoCloseable {

    private static final JsonMapper JSON = new JsonMapper();

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final HttpServer http;

    /** By session; a session's id is its name. Guarded by this. */
    private final Map<String, List<String>> messages = new HashMap<>();

    DreamlakeStub() throws IOException {
        http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        http.setExecutor(threads);
        http.createContext("/", this::handle);
        http.start();
    }

    String url() {
        return "http://localhost:" + http.getAddress().getPort();
    }

    synchronized List<String> messages(String session) {
        return List.copyOf(messages.getOrDefault(session, List.of()));
    }

    private void handle(HttpExchange exchange) throws IOException {
        JsonNode given = JSON.readTree(exchange.getRequestBody());
        String path = exchange.getRequestURI().getPath();
        String answer;
        if (path.endsWith("/sessions")) {
            answer = "{\"session\": {\"id\": " + given.get("name") + "}}";
        } else {
            String session = path.split("/")[2];
            synchronized (this) {
                for (JsonNode record : given.get("logs")) {
                    messages.computeIfAbsent(session, absent -> new ArrayList<>())
                            .add(record.get("message").stringValue());
                }
            }
            answer = "{\"created\": " + given.get("logs").size() + "}";
        }
        byte[] body = answer.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    @Override
    public void close() {
        http.stop(0);
        threads.shutdown();
    }
}
