package ai.dreamlake.server;

import ai.dreamlake.server.http.HttpServer;
import ai.dreamlake.server.store.Store;
import ai.dreamlake.server.store.sqlite.SqliteStore;

/** The part of a Dreamlake server that logs need: a store, and HTTP on top of it. */
public final class DreamlakeServer implements AutoCloseable {

    private final Store store;
    private final HttpServer http;

    /**
     * Opens the store, and listens.
     *
     * @throws IllegalStateException if the store cannot be opened; the message says why
     * @throws IllegalArgumentException if the settings make no sense
     */
    DreamlakeServer(Settings settings) {
        this(settings, store(settings));
    }

    /** @param store to be closed with the server, also if that cannot start */
    DreamlakeServer(Settings settings, Store store) {
        this.store = store;
        try {
            this.http = new HttpServer(settings.http(), store);
        } catch (RuntimeException fault) {
            store.close();
            throw fault;
        }
    }

    private static Store store(Settings settings) {
        return new SqliteStore(settings.dataPath());
    }

    int port() {
        return http.port();
    }

    /** Answers what was asked, and closes the store. */
    @Override
    public void close() {
        http.close();
        store.close();
    }

    /** Runs until the process is ended. Settings come from the environment. */
    public static void main(String[] arguments) {
        try {
            Settings settings = Settings.of(System.getenv());
            DreamlakeServer server = new DreamlakeServer(settings);
            Runtime.getRuntime().addShutdownHook(new Thread(server::close, "shutdown"));
            System.out.println("Dreamlake server at http://localhost:" + server.port() + "/ – "
                    + (settings.mongodbUri() == null
                            ? "records in " + settings.dataPath().toAbsolutePath()
                            : "records in MongoDB")
                    + (settings.http().isDevelopment() ? "; development mode: any user name is let in" : ""));
        } catch (RuntimeException fault) {
            System.err.println("Cannot start: " + fault.getMessage());
            System.exit(1);
        }
    }
}
