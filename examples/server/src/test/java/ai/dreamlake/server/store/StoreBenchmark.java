package ai.dreamlake.server.store;

import ai.dreamlake.server.store.RecordQuery.Order;
import ai.dreamlake.server.store.sqlite.SqliteStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Measures a store through its interface: how fast it stores records, and how fast it finds them among a million.
 * Prints the results, and leaves nothing but a temporary directory. The argument is the number of records in a session;
 * the default is a million.
 */
public final class StoreBenchmark {

    private static final int BATCH = 1000;
    private static final int ROUNDS = 5;
    private static final int CLIENTS = 16;
    private static final int SEARCHES = 4;
    private static final String USER = "alice";
    private static final Instant START = Instant.parse("2025-10-29T10:30:00Z");
    private static final List<String> WORDS = List.of(
            "epoch completed training validation loss checkpoint saved loading batch optimizer learning rate gradient"
                    .split(" "));

    private final Callable<Store> opening;
    private final int records;
    private final Random random = new Random(1);
    private Store store;

    /** @param opening opens the same data each time, empty at first */
    public StoreBenchmark(Callable<Store> opening, int records) {
        this.opening = opening;
        this.records = records;
    }

    public static void main(String[] arguments) throws Exception {
        int records = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 1_000_000;
        Path directory = Files.createTempDirectory("store-benchmark");
        new StoreBenchmark(() -> new SqliteStore(directory), records).run();
        say("bytes on the disk per record", directorySize(directory) / (2.0 * records), "");
    }

    private static double directorySize(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.mapToLong(file -> file.toFile().length()).sum();
        }
    }

    private static void say(String what, double value, String unit) {
        System.out.printf(Locale.ROOT, "%-52s %,10.1f %s%n", what, value, unit);
    }

    private static double millisSince(long start) {
        return (System.nanoTime() - start) / (double) TimeUnit.MILLISECONDS.toNanos(1);
    }

    public void run() throws Exception {
        store = opening.call();
        String id = session("large");
        ingest(id, "in batches, one client");
        String other = session("other");
        ingestByMany(other);
        singles(1);
        singles(CLIENTS);
        queries(id);
        ingestWhileSearching(id);
        for (int round = 0; round < ROUNDS; round++) {
            store.close();
            long start = System.nanoTime();
            store = opening.call();
            say("start with " + 2 * records + " records", millisSince(start), "ms");
        }
        long start = System.nanoTime();
        store.delete(USER, id);
        say("delete the session", millisSince(start), "ms");
        appendFor("while it is removed", session("live"), 200);
        store.close();
        say("resident memory", residentKilobytes() / 1024.0, "MiB");
    }

    private static double residentKilobytes() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return Double.NaN;
        }
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("VmHWM"))
                .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")))
                .sum();
    }

    private String session(String name) {
        return store.upsert(USER, "benchmark", Description.named(name))
                .session()
                .id();
    }

    /**
     * Nine of ten records are of level info; three are fatal. They are a second apart, and some are a little out of
     * order.
     */
    private NewRecord record(long number) {
        Level level = number % 10 == 0 ? Level.values()[(int) (number / 10 % 3)] : Level.INFO;
        if (number == records / 4 || number == records / 2 || number == records / 4 * 3) {
            level = Level.FATAL;
        }
        StringBuilder message = new StringBuilder("Epoch ").append(number).append(':');
        for (int i = 0; i < 9; i++) {
            message.append(' ').append(WORDS.get(random.nextInt(WORDS.size())));
        }
        ObjectNode metadata = JsonNodeFactory.instance.objectNode();
        metadata.put("epoch", number).put("train_loss", random.nextDouble());
        Instant time = START.plusSeconds(number).plus(random.nextInt(5_000_000), ChronoUnit.MICROS);
        return new NewRecord(time, level, message.toString(), metadata);
    }

    private List<NewRecord> batch(long start, int count) {
        List<NewRecord> batch = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            batch.add(record(start + i));
        }
        return batch;
    }

    private void ingest(String id, String what) {
        for (int round = 0; round < ROUNDS; round++) {
            int count = records / ROUNDS;
            long nanos = 0;
            for (int i = 0; i < count; i += BATCH) {
                long number = (long) round * count + i;
                List<NewRecord> batch = batch(number, BATCH);
                long start = System.nanoTime();
                store.append(USER, id, "batch " + number, batch);
                nanos += System.nanoTime() - start;
            }
            say(what, count / (nanos / 1e9), "records/s");
        }
    }

    private void ingestByMany(String id) throws Exception {
        AtomicLong next = new AtomicLong();
        for (int round = 1; round <= ROUNDS; round++) {
            long end = (long) records / ROUNDS * round;
            long before = next.get();
            long start = System.nanoTime();
            together(CLIENTS, () -> {
                for (long number = next.getAndAdd(BATCH); number < end; number = next.getAndAdd(BATCH)) {
                    List<NewRecord> batch;
                    synchronized (random) {
                        batch = batch(number, BATCH);
                    }
                    store.append(USER, id, "batch " + number, batch);
                }
            });
            say("in batches, " + CLIENTS + " clients", (end - before) / (millisSince(start) / 1000), "records/s");
            next.set(end);
        }
    }

    /** Gives each record a key, as the appender's uploads do. */
    private void singles(int clients) throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            String id = session("singles " + clients + " " + round);
            AtomicLong next = new AtomicLong();
            int count = 10_000;
            long start = System.nanoTime();
            together(clients, () -> {
                for (long number = next.getAndIncrement(); number < count; number = next.getAndIncrement()) {
                    List<NewRecord> batch;
                    synchronized (random) {
                        batch = batch(number, 1);
                    }
                    store.append(USER, id, "key " + number, batch);
                }
            });
            say("one by one, clients: " + clients, count / (millisSince(start) / 1000), "records/s");
        }
    }

    private static void together(int threads, Runnable work) throws InterruptedException, ExecutionException {
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        try {
            List<Future<?>> all = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                all.add(executor.submit(work));
            }
            for (Future<?> one : all) {
                one.get();
            }
        } finally {
            executor.shutdown();
        }
    }

    private void queries(String id) {
        Instant middle = START.plusSeconds(records / 2);
        RecordQuery newest = query(0, Order.NUMBER, true, Set.of(), null, null, null);
        query(id, "newest page", newest);
        query(id, "offset, almost all", query(records - 200, Order.NUMBER, false, Set.of(), null, null, null));
        query(id, "newest by time", query(0, Order.TIMESTAMP, true, Set.of(), null, null, null));
        query(id, "by time, offset", query(records - 200, Order.TIMESTAMP, true, Set.of(), null, null, null));
        query(id, "level fatal (3 records)", query(0, Order.NUMBER, false, Set.of(Level.FATAL), null, null, null));
        query(id, "level fatal, by time", query(0, Order.TIMESTAMP, true, Set.of(Level.FATAL), null, null, null));
        query(id, "level warn, offset", query(records / 40, Order.NUMBER, false, Set.of(Level.WARN), null, null, null));
        query(id, "level info, offset", query(records / 2, Order.NUMBER, true, Set.of(Level.INFO), null, null, null));
        query(
                id,
                "levels debug and warn, by time, offset",
                query(records / 20, Order.TIMESTAMP, true, Set.of(Level.DEBUG, Level.WARN), null, null, null));
        query(
                id,
                "a minute in the middle",
                query(0, Order.NUMBER, false, Set.of(), middle, middle.plusSeconds(60), null));
        query(id, "the second half of the time", query(0, Order.NUMBER, false, Set.of(), middle, null, null));
        query(id, "the second half, last page", query(0, Order.NUMBER, true, Set.of(), middle, null, null));
        query(id, "the second half, level warn", query(0, Order.NUMBER, false, Set.of(Level.WARN), middle, null, null));
        query(
                id,
                "the second half, level fatal, by time",
                query(0, Order.TIMESTAMP, true, Set.of(Level.FATAL), middle, null, null));
        query(id, "search without a hit", query(0, Order.NUMBER, false, Set.of(), null, null, "Nowhere to be found"));
        query(id, "search without a hit, by time", query(0, Order.TIMESTAMP, true, Set.of(), null, null, "nowhere"));
        query(id, "search that looks like a hit", query(0, Order.NUMBER, true, Set.of(), null, null, "epoch 99x"));
        query(id, "search with many hits", query(0, Order.NUMBER, true, Set.of(), null, null, "LOSS"));
        query(id, "search with many hits, by time", query(0, Order.TIMESTAMP, true, Set.of(), null, null, "loss"));
        query(
                id,
                "search, level warn, second half",
                query(0, Order.NUMBER, true, Set.of(Level.WARN), middle, null, "nowhere"));
        for (int round = 0; round < ROUNDS; round++) {
            long[] points = {0};
            long start = System.nanoTime();
            store.series(id, new SeriesQuery("train_loss", "epoch", -1), point -> points[0]++);
            say("series of " + points[0] + " points", millisSince(start), "ms");
        }
    }

    private static RecordQuery query(
            long offset, Order order, boolean descending, Set<Level> levels, Instant from, Instant to, String search) {
        RecordFilter filter = new RecordFilter(levels, from, to, -1, Long.MAX_VALUE, search, List.of());
        return new RecordQuery(100, offset, order, descending, filter);
    }

    private void query(String id, String what, RecordQuery query) {
        double[] millis = new double[ROUNDS];
        int found = 0;
        for (int round = 0; round < ROUNDS; round++) {
            long start = System.nanoTime();
            found = store.records(id, query).items().size();
            millis[round] = millisSince(start);
        }
        Arrays.sort(millis);
        System.out.printf(
                Locale.ROOT,
                "%-52s %,10.1f ms (%.1f to %.1f), %d found%n",
                what,
                millis[ROUNDS / 2],
                millis[0],
                millis[ROUNDS - 1],
                found);
    }

    private void ingestWhileSearching(String id) throws Exception {
        AtomicBoolean isOver = new AtomicBoolean();
        AtomicLong searches = new AtomicLong();
        ExecutorService executor = Executors.newFixedThreadPool(SEARCHES);
        List<Future<?>> all = new ArrayList<>();
        for (int i = 0; i < SEARCHES; i++) {
            all.add(executor.submit(() -> {
                while (!isOver.get()) {
                    store.records(id, query(0, Order.NUMBER, false, Set.of(), null, null, "nowhere to be found"));
                    searches.incrementAndGet();
                }
            }));
        }
        appendFor("while " + SEARCHES + " search", session("beside"), 500);
        isOver.set(true);
        for (Future<?> one : all) {
            one.get();
        }
        executor.shutdown();
        say("searches meanwhile", searches.get(), "");
    }

    /** Appends batches of 100, and measures how long each waits. */
    private void appendFor(String what, String id, int batches) {
        double[] millis = new double[batches];
        for (int i = 0; i < batches; i++) {
            List<NewRecord> batch = batch(i * 100L, 100);
            long start = System.nanoTime();
            store.append(USER, id, null, batch);
            millis[i] = millisSince(start);
        }
        Arrays.sort(millis);
        say("a batch of 100 " + what + ", median", millis[batches / 2], "ms");
        say("a batch of 100 " + what + ", longest", millis[batches - 1], "ms");
    }
}
