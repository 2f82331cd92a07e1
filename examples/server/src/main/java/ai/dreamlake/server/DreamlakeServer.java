package ai.dreamlake.server;

import ai.dreamlake.server.http.HttpServer;
import ai.dreamlake.server.http.Tokens;
import ai.dreamlake.server.series.Series;
import ai.dreamlake.server.store.Store;
import ai.dreamlake.server.store.mongo.MongoStore;
import ai.dreamlake.server.store.sqlite.SqliteStore;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** The part of a Dreamlake server that logs need: a store, with HTTP on top of it. */
public final class DreamlakeServer implements AutoCloseable {

    private static final String USAGE = """
            Without arguments, the server runs until it is ended. Its settings are environment variables.
            token NAME [--days DAYS]   prints a token for a user, signed with JWT_SECRET""";

    private final Store store;
    private final HttpServer http;

    /** Null if records are kept forever. */
    private final Retention retention;

    /**
     * Opens the store and starts to listen.
     *
     * @throws IllegalStateException if the store cannot be opened; the message says why
     * @throws IllegalArgumentException if a setting is invalid
     */
    DreamlakeServer(Settings settings) {
        this(settings, store(settings));
    }

    /** @param store closed with the server, and also if the server cannot start */
    DreamlakeServer(Settings settings, Store store) {
        this.store = store;
        boolean isForgetful = settings.retentionDays() > 0;
        Clock clock = Clock.systemUTC();
        try {
            this.http = new HttpServer(settings.http(), store, new Series(store, clock, isForgetful));
        } catch (RuntimeException fault) {
            store.close();
            throw fault;
        }
        this.retention = isForgetful ? new Retention(store, Duration.ofDays(settings.retentionDays())) : null;
        if (isForgetful) {
            retention.start(clock);
        }
    }

    private static Store store(Settings settings) {
        return settings.mongodbUri() == null
                ? new SqliteStore(settings.dataPath())
                : new MongoStore(settings.mongodbUri(), Clock.systemUTC());
    }

    int port() {
        return http.port();
    }

    List<String> calls() {
        return http.calls();
    }

    /** Answers the requests that are under way, then closes the store. */
    @Override
    public void close() {
        http.close();
        if (retention != null) {
            retention.close();
        }
        store.close();
    }

    /** Runs until the process is stopped, or prints a token. Settings come from the environment. */
    public static void main(String[] arguments) {
        try {
            if (arguments.length == 0) {
                run(Settings.of(System.getenv()));
            } else {
                System.out.println(token(arguments, System.getenv()));
            }
        } catch (RuntimeException fault) {
            System.err.println((arguments.length == 0 ? "Cannot start: " : "") + message(fault));
            System.exit(1);
        }
    }

    private static void run(Settings settings) {
        DreamlakeServer server = new DreamlakeServer(settings);
        Runtime.getRuntime().addShutdownHook(new Thread(server::close, "shutdown"));
        String host = settings.http().host();
        System.out.println("Dreamlake server at http://localhost:" + server.port() + "/ – "
                + (host == null ? "listens on all addresses" : "listens on " + host)
                + "; "
                + (settings.mongodbUri() == null
                        ? "records in " + settings.dataPath().toAbsolutePath()
                        : "records in MongoDB")
                + (settings.http().isDevelopment() ? "; development mode: any user name is accepted" : ""));
    }

    /** Javalin wraps Jetty's exception about the port. */
    private static String message(RuntimeException fault) {
        boolean isWrapped =
                fault.getCause() != null && fault.getClass().getName().startsWith("io.javalin.");
        String message = isWrapped ? fault.getCause().getMessage() : fault.getMessage();
        return String.valueOf(message).strip();
    }

    /** @throws IllegalArgumentException if the arguments are not those of the command, or the secret is missing */
    private static String token(String[] arguments, Map<String, String> environment) {
        boolean hasDays = arguments.length == 4 && arguments[2].equals("--days");
        if (!arguments[0].equals("token") || arguments.length != 2 && !hasDays || arguments[1].isBlank()) {
            throw new IllegalArgumentException(USAGE);
        }
        Duration life = hasDays ? Duration.ofDays(days(arguments[3])) : Tokens.LIFE;
        String secret = Settings.jwtSecret(environment);
        if (secret.equals(Settings.DEVELOPMENT_SECRET)) {
            throw new IllegalArgumentException("Set JWT_SECRET to the secret of the server that the token is for.");
        }
        return new Tokens(secret).ofName(arguments[1], Instant.now(), life);
    }

    private static int days(String text) {
        try {
            int days = Integer.parseInt(text);
            if (days > 0) {
                return days;
            }
        } catch (NumberFormatException noNumber) {
            // Reported below.
        }
        throw new IllegalArgumentException("--days is \"" + text + "\": give a number of at least 1.");
    }
}
