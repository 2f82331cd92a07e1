package ai.dreamlake.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Measures how fast a server is over HTTP, as its clients see it. Client and server share the machine. Prints a table,
 * and leaves no files.
 *
 * <p>Arguments: class paths of other servers, as {@code name=path}. They are measured in the same run, in alternating
 * rounds.
 */
final class ServerBenchmark {

    private static final int RECORDS = Integer.getInteger("records", 1_000_000);
    private static final int ROUNDS = Integer.getInteger("rounds", 3);
    private static final String OWN = System.getProperty("java.class.path");
    private static final int SECONDS = 5;
    private static final int BATCH = 1000;
    private static final int CLIENTS = 16;
    private static final Instant START = Instant.parse("2025-10-29T10:30:00Z");
    private static final int FATAL_EVERY = 300_000;

    private static final Map<String, Map<String, List<Double>>> RESULTS = new LinkedHashMap<>();

    private ServerBenchmark() {}

    public static void main(String[] arguments) throws Exception {
        Map<String, String> classpaths = new LinkedHashMap<>();
        for (String argument : arguments) {
            classpaths.put(argument.substring(0, argument.indexOf('=')), argument.substring(argument.indexOf('=') + 1));
        }
        classpaths.put("this server", OWN);
        for (int round = 0; round < ROUNDS; round++) {
            for (Map.Entry<String, String> server : classpaths.entrySet()) {
                measure(server.getKey(), server.getValue());
                print();
            }
        }
    }

    private static void measure(String name, String classpath) throws Exception {
        Path directory = Files.createTempDirectory("benchmark");
        try {
            try (Child child = start(classpath, directory)) {
                Client client = new Client(child.port());
                client.ingest("warm-up", 1, BATCH, SECONDS);
                client.ingest("warm-up", 1, 1, SECONDS);
                note(name, "records/s in batches of 1,000, 1 client", client.ingest("batches", 1, BATCH, SECONDS));
                note(
                        name,
                        "records/s in batches of 1,000, 16 clients",
                        client.ingest("batches", CLIENTS, BATCH, SECONDS));
                note(name, "records/s singly, 1 client", client.ingest("singly", 1, 1, SECONDS));
                note(name, "records/s singly, 16 clients", client.ingest("singly", CLIENTS, 1, SECONDS));
                client.fill("long", RECORDS);
                queries(name, client);
                waits(name, client);
                note(name, "resident memory, MB", residentMegabytes(child));
            }
            long begin = System.nanoTime();
            try (Child child = start(classpath, directory)) {
                new Client(child.port()).newest();
                note(name, "start, s", (System.nanoTime() - begin) / 1e9);
            }
        } finally {
            delete(directory);
        }
    }

    private static Child start(String classpath, Path directory) {
        return Child.start(
                directory,
                Map.of(
                        "PORT",
                        "0",
                        "DATA_PATH",
                        directory.toString(),
                        "LOG_LEVEL",
                        "WARN",
                        "MAX_REQUESTS_PER_SECOND",
                        "0"),
                // The memory that the README uses; an older server may need more.
                classpath.equals(OWN) ? List.of("-Xmx512m") : List.of("-classpath", classpath),
                DreamlakeServer.class.getName());
    }

    private static void queries(String name, Client client) {
        Map<String, String> queries = new LinkedHashMap<>();
        queries.put("newest page, ms", "limit=100&orderBy=sequenceNumber&order=desc");
        queries.put("newest page by time, ms", "limit=100&orderBy=timestamp&order=desc");
        queries.put("a rare level, ms", "limit=100&level=fatal&order=desc");
        queries.put("a frequent level, ms", "limit=100&level=warn&order=desc");
        queries.put(
                "a time range in the middle, ms",
                "limit=100&startTime=" + time(RECORDS / 2) + "&endTime=" + time(RECORDS / 2 + 5000));
        queries.put("a rare level in half of the time, ms", "limit=100&level=fatal&startTime=" + time(RECORDS / 2));
        queries.put("offset in the middle, ms", "limit=100&offset=" + RECORDS / 2);
        queries.put("search, one hit, ms", "limit=100&search=number%20" + RECORDS / 2 + "%20is");
        queries.put("search, no hit, ms", "limit=100&search=nowhere");
        queries.forEach((what, query) -> {
            for (int i = 0; i < 5; i++) {
                note(name, what, client.milliseconds(query));
            }
        });
    }

    /** Measures how long appends take while other clients search. */
    private static void waits(String name, Client client) throws Exception {
        AtomicBoolean enough = new AtomicBoolean();
        ExecutorService searchers = Executors.newFixedThreadPool(4);
        try {
            List<Future<?>> searches = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                searches.add(searchers.submit(() -> {
                    while (!enough.get()) {
                        client.milliseconds("limit=100&search=nowhere");
                    }
                }));
            }
            List<Double> waits = new ArrayList<>();
            long start = System.nanoTime();
            for (int i = 0; System.nanoTime() - start < 2 * SECONDS * 1e9; i++) {
                long begin = System.nanoTime();
                client.append("beside", i * 10, 10);
                waits.add((System.nanoTime() - begin) / 1e6);
            }
            enough.set(true);
            for (Future<?> search : searches) {
                search.get();
            }
            note(name, "longest append beside four searches, ms", Collections.max(waits));
        } finally {
            searchers.shutdown();
        }
    }

    private static double residentMegabytes(Child child) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/" + child.pid() + "/status"))) {
            if (line.startsWith("VmHWM:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) / 1024.0;
            }
        }
        return Double.NaN;
    }

    private static String time(int number) {
        return START.plus(number, ChronoUnit.MILLIS).toString();
    }

    private static void note(String server, String what, double value) {
        RESULTS.computeIfAbsent(what, key -> new LinkedHashMap<>())
                .computeIfAbsent(server, key -> new ArrayList<>())
                .add(value);
        System.err.printf("%s: %s %.1f%n", server, what, value);
    }

    private static void print() {
        RESULTS.forEach((what, servers) -> servers.forEach((server, values) -> {
            double[] sorted =
                    values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
            System.out.printf(
                    "%-45s %-15s median %10.1f   %s%n",
                    what,
                    server,
                    sorted[sorted.length / 2],
                    Arrays.toString(values.stream().map(Math::round).toArray()));
        }));
        System.out.println();
    }

    private static void delete(Path directory) throws IOException {
        try (var files = Files.walk(directory)) {
            for (Path file : files.sorted(Collections.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    /** A client that throws if the server fails. */
    private static final class Client {

        private final HttpClient http =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
        private final Map<String, String> sessions = Collections.synchronizedMap(new TreeMap<>());
        private final String url;

        Client(int port) {
            this.url = "http://localhost:" + port;
        }

        String session(String name) {
            return sessions.computeIfAbsent(
                    name,
                    key -> TestServer.JSON
                            .readTree(post("/workspaces/w/sessions", "{\"name\": \"" + key + "\"}"))
                            .get("session")
                            .get("id")
                            .stringValue());
        }

        void fill(String session, int records) {
            for (int from = 0; from < records; from += BATCH) {
                append(session, from, BATCH);
            }
        }

        /** Returns the number of records per second. */
        double ingest(String session, int clients, int batch, int seconds) throws Exception {
            session(session);
            ExecutorService threads = Executors.newFixedThreadPool(clients);
            try {
                AtomicInteger next = new AtomicInteger();
                long begin = System.nanoTime();
                Callable<Void> work = () -> {
                    while (System.nanoTime() - begin < seconds * 1e9) {
                        append(session, next.getAndAdd(batch), batch);
                    }
                    return null;
                };
                for (Future<Void> client : threads.invokeAll(Collections.nCopies(clients, work))) {
                    client.get();
                }
                return next.get() / ((System.nanoTime() - begin) / 1e9);
            } finally {
                threads.shutdown();
            }
        }

        void append(String session, int from, int count) {
            StringBuilder body = new StringBuilder("{\"logs\": [");
            for (int number = from; number < from + count; number++) {
                body.append(number == from ? "" : ", ")
                        .append("{\"timestamp\": \"")
                        .append(time(number))
                        .append("\", \"level\": \"")
                        .append(number % FATAL_EVERY == 1 ? "fatal" : number % 20 == 0 ? "warn" : "info")
                        .append("\", \"message\": \"Epoch completed, number ")
                        .append(number)
                        .append(" is done\", \"metadata\": {\"epoch\": ")
                        .append(number)
                        .append(", \"train_loss\": ")
                        .append(1.0 / (number + 1))
                        .append("}}");
            }
            post("/sessions/" + session(session) + "/logs", body.append("]}").toString());
        }

        double milliseconds(String query) {
            long begin = System.nanoTime();
            send(request("/sessions/" + session("long") + "/logs?" + query)
                    .GET()
                    .build());
            return (System.nanoTime() - begin) / 1e6;
        }

        void newest() {
            milliseconds("limit=1&order=desc");
        }

        private String post(String path, String body) {
            return send(request(path).POST(BodyPublishers.ofString(body)).build());
        }

        private HttpRequest.Builder request(String path) {
            return HttpRequest.newBuilder(URI.create(url + path))
                    .header("Authorization", "Bearer " + TestServer.TOKENS.ofName("alice", Instant.now()));
        }

        private String send(HttpRequest request) {
            try {
                var response = http.send(request, BodyHandlers.ofString());
                if (response.statusCode() > 299 && response.statusCode() != 503) {
                    throw new IllegalStateException(response.statusCode() + ": " + response.body());
                }
                return response.body();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
