package ai.dreamlake.server.http;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.Cookie;
import io.javalin.http.SameSite;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Locale;
import tools.jackson.databind.JsonNode;

/** The page to look at it all, and how one signs in there. */
final class PageRoutes implements Routes {

    private final Requests requests;
    private final Tokens tokens;
    private final Peer peer;
    private final HttpSettings settings;

    PageRoutes(Requests requests, Tokens tokens, Peer peer, HttpSettings settings) {
        this.requests = requests;
        this.tokens = tokens;
        this.peer = peer;
        this.settings = settings;
    }

    @Override
    public void addTo(RoutesConfig routes) {
        addFile(routes, "/", "page.html", "text/html; charset=utf-8");
        addFile(routes, "/page.css", "page.css", "text/css; charset=utf-8");
        addFile(routes, "/page.js", "page.js", "text/javascript; charset=utf-8");
        addFile(routes, "/run.js", "run.js", "text/javascript; charset=utf-8");
        routes.get(
                "/sign-in",
                request ->
                        Requests.answer(request, 200, Requests.object().put("development", settings.isDevelopment())));
        routes.post("/sign-in", this::signIn);
    }

    private static void addFile(RoutesConfig routes, String path, String file, String type) {
        byte[] bytes = bytes(file);
        routes.get(
                path,
                request -> request.contentType(type)
                        .header("Cache-Control", "no-cache")
                        .result(bytes));
    }

    private static byte[] bytes(String file) {
        try (InputStream in = PageRoutes.class.getResourceAsStream("/" + file)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Another page must not sign its visitors in here, under a name of its choice. */
    private void signIn(Context request) {
        if (peer.isCrossSite(request)) {
            throw new ApiException(403, "another web page cannot sign anybody in");
        }
        String type = request.contentType();
        if (type == null || !type.toLowerCase(Locale.ROOT).startsWith("application/json")) {
            throw new ApiException(415, "Content-Type: must be application/json");
        }
        JsonNode body = requests.body(request);
        String token = body.path("token").asString("");
        if (token.isEmpty() && settings.isDevelopment()) {
            token = tokens.ofName(RequestBody.name(body.path("userName").asString(""), "userName"), Instant.now());
        }
        User user = tokens.user(token);
        Cookie cookie = new Cookie(Requests.COOKIE, token);
        cookie.setHttpOnly(true);
        cookie.setSameSite(SameSite.STRICT);
        cookie.setSecure(peer.isTls(request));
        request.cookie(cookie);
        Requests.answer(request, 200, Requests.object().put("userName", user.name()));
    }
}
