package ai.dreamlake.server.http;

import ai.dreamlake.server.store.LogStore;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;

/** For monitoring: whether the server is up, and what it does. */
final class HealthRoutes implements Routes {

    private final LogStore store;
    private final Measurements measurements;

    HealthRoutes(LogStore store, Measurements measurements) {
        this.store = store;
        this.measurements = measurements;
    }

    @Override
    public void addTo(RoutesConfig routes) {
        routes.get("/health", HealthRoutes::ok);
        routes.get("/ready", request -> {
            store.ping();
            ok(request);
        });
        routes.get(
                "/metrics",
                request -> request.contentType("text/plain; version=0.0.4; charset=utf-8")
                        .result(measurements.scrape()));
        routes.get("/openapi.yaml", HealthRoutes::openApi);
    }

    private static void ok(Context request) {
        Requests.answer(request, 200, Requests.object().put("status", "ok"));
    }

    private static void openApi(Context request) throws IOException {
        try (InputStream file = HealthRoutes.class.getResourceAsStream("/openapi.yaml")) {
            request.contentType("application/yaml").result(file.readAllBytes());
        }
    }
}
