package ai.dreamlake.server.store.sqlite;

import ai.dreamlake.server.store.Description;
import ai.dreamlake.server.store.Level;
import ai.dreamlake.server.store.NewRecord;
import ai.dreamlake.server.store.Numbers;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A child JVM that opens a store, and appends to session {@code load} until it is killed. It prints which batches were
 * acknowledged, as {@code key start count}; or why it cannot open the store.
 */
final class StoreChild implements AutoCloseable {

    static final String USER = "3159282601";
    private static final int THREADS = 8;

    private final Process process;
    private final BufferedReader output;

    private StoreChild(Process process) {
        this.process = process;
        this.output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    /** @param run distinguishes its keys from those of other children */
    static StoreChild start(Path directory, String... run) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-classpath",
                System.getProperty("java.class.path"),
                StoreChild.class.getName(),
                directory.toString()));
        command.addAll(List.of(run));
        return new StoreChild(new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start());
    }

    public static void main(String[] arguments) {
        SqliteStore store;
        try {
            store = new SqliteStore(Path.of(arguments[0]));
        } catch (IllegalStateException refused) {
            System.out.println(refused.getMessage());
            return;
        }
        String id = store.upsert(USER, "w", Description.named("load")).session().id();
        for (int i = 0; i < THREADS; i++) {
            int thread = i;
            new Thread(() -> append(store, id, arguments[1] + "-" + thread)).start();
        }
    }

    private static void append(SqliteStore store, String id, String prefix) {
        for (int i = 0; true; i++) {
            String key = prefix + "-" + i;
            Numbers numbers = store.append(USER, id, key, batch(key, 1 + i % 7));
            System.out.println(key + " " + numbers.start() + " " + numbers.count());
        }
    }

    /** The records of a key's batch. */
    static List<NewRecord> batch(String key, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> new NewRecord(Instant.EPOCH, Level.INFO, key + "/" + i, null))
                .toList();
    }

    /** Null at the end. */
    String readLine() throws IOException {
        return output.readLine();
    }

    /** kill -9. Its output can still be read. */
    void kill() throws InterruptedException {
        process.toHandle().destroyForcibly();
        process.waitFor();
    }

    @Override
    public void close() throws InterruptedException {
        kill();
    }
}
