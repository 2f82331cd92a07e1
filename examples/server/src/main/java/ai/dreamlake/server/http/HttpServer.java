package ai.dreamlake.server.http;

import ai.dreamlake.server.series.Series;
import ai.dreamlake.server.store.Store;
import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.util.ConcurrencyUtil;
import io.javalin.util.JavalinException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The server's HTTP calls, on top of a store that the caller opens and closes. */
public final class HttpServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(HttpServer.class);

    /** Bodies may take this part of all memory. Parsed, a body is about ten times as large. */
    private static final int MEMORY_SHARE = 40;

    /** The number of threads if there are no virtual ones. Half of them are free while all bodies arrive slowly. */
    private static final int THREADS = 2 * Bodies.MAX_BODIES;

    /** All clients come through the proxy's connections. */
    private static final int NO_LIMIT = Integer.MAX_VALUE;

    private final HttpSettings settings;
    private final Connections connections;
    private final LogStreams streams;
    private final Measurements measurements;
    private final List<Routes> routes;
    private final Javalin http;

    /**
     * Starts to listen.
     *
     * @param series lines through the same store
     * @throws JavalinException if it cannot listen, for example because the port is taken
     * @throws IllegalArgumentException if a setting is invalid
     */
    public HttpServer(HttpSettings settings, Store store, Series series) {
        this.settings = settings;
        Tokens tokens = new Tokens(settings.jwtSecret());
        Peer peer = new Peer(settings.trustsProxy());
        long memory = Runtime.getRuntime().maxMemory() / MEMORY_SHARE;
        Bodies bodies = new Bodies((int) Math.min(Integer.MAX_VALUE, memory), settings.timeoutSeconds());
        Requests requests = new Requests(tokens, bodies, peer);
        this.connections = new Connections(
                settings.trustsProxy() ? NO_LIMIT : settings.connectionsPerAddress(),
                TimeUnit.SECONDS.toMillis(settings.timeoutSeconds()));
        this.streams = new LogStreams(store, settings.streams());
        this.measurements = new Measurements(requests, peer);
        measurements.gauge("dreamlake.streams", "Event streams that are open", streams::count);
        measurements.gauge("dreamlake.connections", "Connections that are open", connections::count);
        this.routes = List.of(
                new Faults(measurements),
                new Gate(requests, peer, new RequestRate(settings.requestsPerSecond())),
                new HealthRoutes(store, measurements),
                new SessionRoutes(requests, store),
                new LogRoutes(requests, store, (session, numbers) -> {
                    measurements.appended(numbers);
                    streams.appended(session);
                }),
                new HistogramRoutes(requests, store),
                new ExportRoutes(requests, store),
                new StreamRoutes(requests, store, streams),
                new SeriesRoutes(requests, store, series),
                new ParameterRoutes(requests, store),
                new TrackRoutes(requests, store),
                new FileRoutes(requests, store, settings.fileLimit()),
                new PageRoutes(requests, tokens, peer, settings));
        try {
            this.http = Javalin.create(this::configure).start();
        } catch (RuntimeException cannot) {
            streams.close();
            measurements.close();
            throw cannot;
        }
    }

    /** The port on which it listens. */
    public int port() {
        return http.port();
    }

    /** The calls that it serves: {@code GET /sessions/{id}/logs}, and so on. */
    public List<String> calls() {
        return http.unsafe.internalRouter.allHttpHandlers().stream()
                .map(parsed -> parsed.endpoint)
                .filter(endpoint -> endpoint.method.isHttpMethod())
                .map(endpoint -> endpoint.method.name() + " " + endpoint.path)
                .toList();
    }

    private void configure(JavalinConfig config) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        config.concurrency.useVirtualThreads = ConcurrencyUtil.isLoomAvailable(); // where the JDK has them
        if (!config.concurrency.useVirtualThreads) {
            config.jetty.threadPool = new QueuedThreadPool(THREADS);
        }
        config.http.prefer405over404 = true;
        config.jetty.modifyServer(this::configureServer);
        config.jetty.modifyServletContextHandler(context -> {
            context.setErrorHandler(new ErrorPages());
            context.setMaxFormKeys(FileUpload.MAX_PARTS);
        });
        config.jetty.modifyHttpConfiguration(this::configureHttp);
        config.jetty.addConnector(this::connector);
        config.requestLogger.http(measurements::answered);
        if (settings.corsOrigin() != null) {
            config.bundledPlugins.enableCors(cors -> cors.addRule(rule -> {
                if (settings.corsOrigin().equals("*")) {
                    rule.anyHost();
                } else {
                    rule.allowHost(settings.corsOrigin());
                }
            }));
        }
        routes.forEach(some -> some.addTo(config.routes));
    }

    private void configureServer(Server server) {
        server.setStopTimeout(TimeUnit.SECONDS.toMillis(settings.stopSeconds()));
        server.setErrorHandler(new ErrorPages());
        GracefulHandler graceful = new GracefulHandler(); // refuses new requests while those under way finish
        connections.setHandler(graceful);
        server.setHandler(connections);
    }

    private void configureHttp(HttpConfiguration configuration) {
        // A workspace name may contain any character, and clients encode them in several ways.
        configuration.setUriCompliance(UriCompliance.UNSAFE);
        configuration.setSendServerVersion(false);
    }

    private Connector connector(Server server, HttpConfiguration configuration) {
        ServerConnector connector = new ServerConnector(server, new HttpConnectionFactory(configuration));
        connector.setHost(settings.host());
        connector.setPort(settings.port());
        connector.setIdleTimeout(TimeUnit.SECONDS.toMillis(settings.timeoutSeconds()));
        connector.addEventListener(connections);
        // While the server stops, a body may still arrive as slowly as before. Idle connections are closed at once.
        connector.setShutdownIdleTimeout(connector.getIdleTimeout());
        return connector;
    }

    /** Ends all streams, refuses new requests, answers those under way, and stops; within a limited time. */
    @Override
    public void close() {
        streams.close();
        try {
            http.stop();
        } catch (JavalinException tooLate) {
            LOG.warn("Some requests were not finished in {} s: {}", settings.stopSeconds(), tooLate.getMessage());
        }
        measurements.close();
    }
}
