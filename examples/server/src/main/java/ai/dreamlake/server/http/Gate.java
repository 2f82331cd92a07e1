package ai.dreamlake.server.http;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.util.Set;

/** Runs before each route: sets headers that protect browsers, and limits the request rate. */
final class Gate implements Routes {

    /** Monitoring requests are not counted. */
    private static final Set<String> FREE = Set.of("/health", "/ready", "/metrics");

    private final Requests requests;
    private final Peer peer;
    private final RequestRate rate;

    Gate(Requests requests, Peer peer, RequestRate rate) {
        this.requests = requests;
        this.peer = peer;
        this.rate = rate;
    }

    @Override
    public void addTo(RoutesConfig routes) {
        routes.before(request -> {
            request.header("X-Content-Type-Options", "nosniff")
                    .header("Referrer-Policy", "no-referrer")
                    .header(
                            "Content-Security-Policy",
                            "default-src 'self'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'");
            limit(request);
        });
    }

    private void limit(Context request) {
        if (FREE.contains(request.path())) {
            return;
        }
        User user = requests.userOrNull(request);
        String who = user == null ? "address " + peer.address(request) : "user " + user.id();
        int seconds = rate.waitSeconds(who, System.nanoTime());
        if (seconds > 0) {
            throw ApiException.comeAgain(429, "too many requests", seconds);
        }
    }
}
