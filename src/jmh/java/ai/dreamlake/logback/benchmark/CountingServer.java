package ai.dreamlake.logback.benchmark;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/** Accepts what Dreamlake's and Loki's clients send, and counts the records by a word that each message contains. */
final class CountingServer implements AutoCloseable {

    static {
        // Otherwise each answer waits 40 ms for the client's acknowledgement, and that wait would dominate the
        // result.
        System.setProperty("sun.net.httpserver.nodelay", "true");
    }

    private static final byte[] WORD = "Epoch".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] ANSWER = "{\"session\": {\"id\": \"one\"}}".getBytes(StandardCharsets.US_ASCII);

    private final LongAdder records = new LongAdder();
    private final ExecutorService threads = Executors.newFixedThreadPool(4);
    private final HttpServer http;

    CountingServer() throws IOException {
        http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        http.setExecutor(threads);
        http.createContext("/", this::handle);
        http.start();
    }

    String url() {
        return "http://localhost:" + http.getAddress().getPort() + "/";
    }

    private void handle(HttpExchange exchange) throws IOException {
        long found = 0;
        int matched = 0;
        byte[] block = new byte[1 << 16];
        try (InputStream body = exchange.getRequestBody()) {
            for (int count = body.read(block); count >= 0; count = body.read(block)) {
                for (int i = 0; i < count; i++) {
                    matched = block[i] == WORD[matched] ? matched + 1 : block[i] == WORD[0] ? 1 : 0;
                    if (matched == WORD.length) {
                        found++;
                        matched = 0;
                    }
                }
            }
        }
        records.add(found);
        exchange.sendResponseHeaders(200, ANSWER.length);
        exchange.getResponseBody().write(ANSWER);
        exchange.close();
    }

    long records() {
        return records.sum();
    }

    void await(long expected) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(5);
        while (records() < expected) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("lost records: " + records() + " of " + expected + " arrived");
            }
            Thread.sleep(1);
        }
    }

    @Override
    public void close() {
        http.stop(0);
        threads.shutdown();
    }
}
