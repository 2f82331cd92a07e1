package ai.dreamlake.server.http;

import ai.dreamlake.server.store.Numbers;
import io.javalin.http.Context;
import io.javalin.router.Endpoint;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.function.Supplier;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts what the server does, for Prometheus. Writes a line about each request to the logger {@code access}. */
final class Measurements implements AutoCloseable {

    private static final Logger ACCESS = LoggerFactory.getLogger("access");

    /** Clients can invent any number of unknown paths, so all of them count as one. */
    private static final String NO_ROUTE = "none";

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics garbage = new JvmGcMetrics();
    private final Requests requests;
    private final Peer peer;
    private final Counter records;
    private final Counter failures;

    Measurements(Requests requests, Peer peer) {
        this.requests = requests;
        this.peer = peer;
        this.records = Counter.builder("dreamlake.records.appended")
                .description("Records that were acknowledged, repeated batches among them")
                .register(registry);
        this.failures = Counter.builder("dreamlake.store.failures")
                .description("Requests that failed because the store did")
                .register(registry);
        new ClassLoaderMetrics().bindTo(registry);
        garbage.bindTo(registry);
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
    }

    /** Registers a number that is read at each scrape. */
    void gauge(String name, String description, Supplier<Number> count) {
        Gauge.builder(name, count).description(description).register(registry);
    }

    void appended(Numbers numbers) {
        records.increment(numbers.count());
    }

    void storeFailed() {
        failures.increment();
    }

    /** A request has been answered. Streams are not timed, because they last as long as their clients want. */
    void answered(Context request, float millis) {
        Endpoint endpoint = request.endpoints().lastHttpEndpoint();
        String route = endpoint == null ? NO_ROUTE : endpoint.path;
        String method = request.method().name();
        int status = request.statusCode();
        boolean isStream = status == 200 && route.endsWith("/stream");
        if (!isStream) {
            Timer.builder("http.server.requests")
                    .tag("method", endpoint == null ? NO_ROUTE : method)
                    .tag("route", route)
                    .tag("status", Integer.toString(status))
                    .register(registry)
                    .record(Duration.ofNanos((long) (millis * 1_000_000)));
        }
        if (ACCESS.isInfoEnabled()) {
            writeLine(request, method + " " + route, status, Math.round(millis));
        }
    }

    /** Logs only the path's template: the actual path and query contain names and search words. */
    private void writeLine(Context request, String call, int status, long millis) {
        User user = requests.userOrNull(request);
        String who = user == null ? "-" : user.id();
        String address = peer.address(request);
        ServletContextRequest jetty = ServletContextRequest.getServletContextRequest(request.req());
        Response response = jetty.getServletContextResponse();
        // The number of bytes is known only at the very end.
        Request.addCompletionListener(
                jetty,
                failure -> ACCESS.info(
                        "{} {} {} bytes {} ms user {} from {}",
                        call,
                        status,
                        Response.getContentBytesWritten(response),
                        millis,
                        who,
                        address));
    }

    /** All measurements in the text format of Prometheus. */
    String scrape() {
        return registry.scrape();
    }

    @Override
    public void close() {
        garbage.close();
        registry.close();
    }
}
