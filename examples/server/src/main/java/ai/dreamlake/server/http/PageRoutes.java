package ai.dreamlake.server.http;

import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.Cookie;
import io.javalin.http.SameSite;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import tools.jackson.databind.JsonNode;

/** The web page, and how a user signs in and out there. */
final class PageRoutes implements Routes {

    /** The page's own files, from the resource directory {@code page}. */
    private static final List<String> FILES = List.of(
            "about.js",
            "address.js",
            "api.js",
            "chart.js",
            "charts.css",
            "charts.js",
            "dom.js",
            "filters.js",
            "format.js",
            "histogram.js",
            "lines.js",
            "log.css",
            "log.js",
            "main.js",
            "record.js",
            "records.js",
            "run.js",
            "runs.css",
            "runs.js",
            "state.js",
            "style.css",
            "theme.js");

    /** In this file the jar of uPlot gives its version, which is part of the paths of its files. */
    private static final String UPLOT_PROPERTIES = "/META-INF/maven/org.webjars.npm/uplot/pom.properties";

    private final Requests requests;
    private final Tokens tokens;
    private final Peer peer;
    private final HttpSettings settings;

    /** By their names under {@code /page/}. */
    private final Map<String, Asset> assets = new HashMap<>();

    PageRoutes(Requests requests, Tokens tokens, Peer peer, HttpSettings settings) {
        this.requests = requests;
        this.tokens = tokens;
        this.peer = peer;
        this.settings = settings;
        FILES.forEach(name -> assets.put(name, Asset.of("/page/" + name)));
        String uplot = "/META-INF/resources/webjars/uplot/" + uplotVersion() + "/dist/uPlot";
        assets.put("lib/uPlot.js", Asset.of(uplot + ".esm.js"));
        assets.put("lib/uPlot.css", Asset.of(uplot + ".min.css"));
    }

    private static String uplotVersion() {
        Properties properties = new Properties();
        try (InputStream in = PageRoutes.class.getResourceAsStream(UPLOT_PROPERTIES)) {
            properties.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties.getProperty("version");
    }

    @Override
    public void addTo(RoutesConfig routes) {
        Asset page = Asset.of("/page/index.html");
        routes.get("/", page::answer);
        routes.get("/page/<file>", request -> {
            Asset asset = assets.get(request.pathParam("file"));
            if (asset == null) {
                throw new ApiException(404, "there is no such file");
            }
            asset.answer(request);
        });
        routes.get("/sign-in", this::whoIsSignedIn);
        routes.post("/sign-in", this::signIn);
        routes.delete("/sign-in", this::signOut);
    }

    /** A file of the page. The browser asks for it each time, and gets it only if it has changed. */
    private record Asset(byte[] bytes, String type, String tag) {

        static Asset of(String resource) {
            try (InputStream in = PageRoutes.class.getResourceAsStream(resource)) {
                byte[] bytes = in.readAllBytes();
                String type = switch (resource.substring(resource.lastIndexOf('.'))) {
                    case ".js" -> "text/javascript";
                    case ".css" -> "text/css";
                    default -> "text/html";
                };
                byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes);
                String tag = "\"" + HexFormat.of().formatHex(digest, 0, 8) + "\"";
                return new Asset(bytes, type + "; charset=utf-8", tag);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (NoSuchAlgorithmException impossible) {
                throw new IllegalStateException("every Java has SHA-256", impossible);
            }
        }

        void answer(Context request) {
            request.header("Cache-Control", "no-cache").header("ETag", tag);
            if (tag.equals(request.header("If-None-Match"))) {
                request.status(304);
            } else {
                request.contentType(type).result(bytes);
            }
        }
    }

    private void whoIsSignedIn(Context request) {
        User user = requests.userOrNull(request);
        String name = user == null ? null : user.name() == null ? user.id() : user.name();
        Requests.answer(
                request,
                200,
                Requests.object().put("development", settings.isDevelopment()).put("userName", name));
    }

    /** Another web page must not sign its visitors in here, under a name of its choice. */
    private void signIn(Context request) {
        if (peer.isCrossSite(request)) {
            throw new ApiException(403, "another web page cannot sign anybody in");
        }
        String type = request.contentType();
        if (type == null || !type.toLowerCase(Locale.ROOT).startsWith("application/json")) {
            throw new ApiException(415, "Content-Type: must be application/json");
        }
        JsonNode body = requests.smallBody(request);
        String token = body.path("token").asString("");
        if (token.isEmpty() && settings.isDevelopment()) {
            token = tokens.ofName(RequestBody.name(body.path("userName").asString(""), "userName"), Instant.now());
        }
        User user = tokens.user(token);
        request.cookie(cookie(request, token));
        Requests.answer(request, 200, Requests.object().put("userName", user.name() == null ? user.id() : user.name()));
    }

    /** The browser forgets the token. The token itself stays valid. */
    private void signOut(Context request) {
        if (peer.isCrossSite(request)) {
            throw new ApiException(403, "another web page cannot sign anybody out");
        }
        Cookie cookie = cookie(request, "");
        cookie.setMaxAge(0);
        request.cookie(cookie);
        request.status(204);
    }

    private Cookie cookie(Context request, String token) {
        Cookie cookie = new Cookie(Requests.COOKIE, token);
        cookie.setHttpOnly(true);
        cookie.setSameSite(SameSite.STRICT);
        cookie.setSecure(peer.isTls(request));
        return cookie;
    }
}
