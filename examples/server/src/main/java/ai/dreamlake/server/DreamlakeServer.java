package ai.dreamlake.server;

import com.mongodb.ConnectionString;
import com.mongodb.MongoClientSettings;
import com.mongodb.MongoException;
import com.mongodb.ReadConcern;
import com.mongodb.ReadPreference;
import com.mongodb.WriteConcern;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoDatabase;
import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.Cookie;
import io.javalin.http.HttpResponseException;
import io.javalin.http.SameSite;
import io.javalin.http.sse.SseClient;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.bson.Document;
import org.eclipse.jetty.http.UriCompliance;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The part of a Dreamlake server that logs need, on MongoDB.
 *
 * <pre>
 *   GET    /health
 *   POST   /workspaces/{workspace}/sessions      makes a session known
 *   POST   /sessions/{id}/logs                   appends records
 *   GET    /sessions/{id}/logs                   shows records
 *   GET    /sessions/{id}/logs/stream            shows them as they come: server-sent events
 *   GET    /sessions                             the user's sessions
 *   DELETE /sessions/{id}
 *   GET    /                                     a page to look at it all
 *   POST   /sign-in                              for the page: keeps a token in a cookie
 * </pre>
 */
public final class DreamlakeServer implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(DreamlakeServer.class);
    private static final String BEARER = "Bearer ";
    private static final String COOKIE = "dreamlake-token";
    private static final String STREAM = "/sessions/{id}/logs/stream";
    private static final String DEFAULT_DATABASE = "dreamlake";

    /** A store that does not answer in this time is away. */
    private static final Duration STORE_TIMEOUT = Duration.ofSeconds(10);

    private static final Duration STORE_READ_TIMEOUT = Duration.ofSeconds(30);

    private final Settings settings;
    private final Tokens tokens;
    private final EmbeddedMongo embedded;
    private final MongoClient client;
    private final Sessions sessions;
    private final Logs logs;
    private final LogStreams streams;
    private final Javalin http;

    /**
     * Opens the store, makes its collections and indexes, and listens.
     *
     * @throws IOException if the directory of the embedded store cannot be made
     * @throws IllegalArgumentException if the settings make no sense
     */
    DreamlakeServer(Settings settings) throws IOException {
        this.settings = settings;
        this.tokens = new Tokens(settings.jwtSecret());
        this.embedded = settings.mongodbUri() == null ? new EmbeddedMongo(settings.dataPath()) : null;
        ConnectionString uri = new ConnectionString(embedded == null ? settings.mongodbUri() : embedded.uri());
        this.client = MongoClients.create(clientSettings(uri));
        MongoDatabase database = client.getDatabase(uri.getDatabase() == null ? DEFAULT_DATABASE : uri.getDatabase());
        this.sessions = new Sessions(database);
        this.logs = new Logs(database, sessions);
        this.streams = new LogStreams(sessions, logs);
        this.http = Javalin.create(this::configure).start(settings.port());
    }

    /** A record counts as stored when most of the store's machines have it in their journals. */
    private static MongoClientSettings clientSettings(ConnectionString uri) {
        MongoClientSettings.Builder builder = MongoClientSettings.builder()
                .applyToClusterSettings(
                        cluster -> cluster.serverSelectionTimeout(STORE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS))
                .applyToSocketSettings(
                        socket -> socket.readTimeout((int) STORE_READ_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS))
                .applyConnectionString(uri)
                // What is taken for stored must stay so when another machine takes over.
                .readPreference(ReadPreference.primary())
                .readConcern(ReadConcern.MAJORITY);
        if (uri.getWriteConcern() == null) {
            builder.writeConcern(WriteConcern.MAJORITY.withJournal(true));
        }
        return builder.build();
    }

    int port() {
        return http.port();
    }

    private void configure(JavalinConfig config) {
        config.startup.showJavalinBanner = false;
        config.startup.showOldJavalinVersionWarning = false;
        // A workspace may have any characters in its name, and clients encode them in several ways.
        config.jetty.modifyHttpConfiguration(jetty -> jetty.setUriCompliance(UriCompliance.UNSAFE));
        if (settings.corsOrigin() != null) {
            config.bundledPlugins.enableCors(cors -> cors.addRule(rule -> {
                if (settings.corsOrigin().equals("*")) {
                    rule.anyHost();
                } else {
                    rule.allowHost(settings.corsOrigin());
                }
            }));
        }
        config.routes.get("/health", request -> answer(request, 200, object().put("status", "ok")));
        config.routes.post("/workspaces/<workspace>/sessions", this::upsertSession);
        config.routes.get("/sessions", this::listSessions);
        config.routes.delete("/sessions/{id}", this::deleteSession);
        config.routes.post("/sessions/{id}/logs", this::appendLogs);
        config.routes.get("/sessions/{id}/logs", this::findLogs);
        config.routes.before(STREAM, this::checkStream); // once a stream has begun there is no status to tell
        config.routes.sse(STREAM, this::streamLogs);
        config.routes.get("/", DreamlakeServer::page);
        config.routes.get(
                "/sign-in", request -> answer(request, 200, object().put("development", settings.isDevelopment())));
        config.routes.post("/sign-in", this::signIn);
        config.routes.exception(
                ApiException.class, (fault, request) -> error(request, fault.status(), fault.getMessage()));
        config.routes.exception(
                HttpResponseException.class, (fault, request) -> error(request, fault.getStatus(), fault.getMessage()));
        config.routes.exception(MongoException.class, (failure, request) -> {
            LOG.warn("The store fails", failure);
            request.header("Retry-After", "1");
            error(request, 503, "the store does not answer");
        });
        config.routes.exception(Exception.class, (failure, request) -> {
            LOG.error("Cannot serve a request", failure);
            error(request, 500, "internal error");
        });
    }

    private static void error(Context request, int status, String message) {
        answer(request, status, object().put("error", message));
    }

    private static void answer(Context request, int status, ObjectNode json) {
        request.status(status).contentType("application/json").result(json.toString());
    }

    private static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    /** A browser's cookie is good for looking only, for any page can make a browser send it. */
    private User user(Context request) {
        String header = request.header("Authorization");
        if (header != null && header.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
            return tokens.user(header.substring(BEARER.length()).strip());
        }
        return tokens.user(request.method().name().equals("GET") ? request.cookie(COOKIE) : null);
    }

    private void upsertSession(Context request) {
        User user = user(request);
        String workspace = RequestBody.name(Metadata.whole(request.pathParam("workspace")), "workspace");
        Sessions.Upserted upserted =
                sessions.upsert(user, workspace, RequestBody.description(RequestBody.object(request)));
        ObjectNode session = json(upserted.session());
        ObjectNode answer = object();
        answer.set("session", session);
        answer.put("workspace", workspace);
        answer.set("folder", session.get("folder"));
        answer.put("namespace", user.name() == null ? user.id() : user.name());
        answer(request, upserted.isNew() ? 201 : 200, answer);
    }

    private static ObjectNode json(Document session) {
        ObjectNode json = object();
        json.put("id", session.getString("_id"));
        for (String field : List.of(
                "name",
                "workspace",
                "description",
                "tags",
                "folder",
                "metadata",
                "writeProtected",
                "logCount",
                "levelCounts")) {
            json.set(field, Metadata.toJson(session.get(field)));
        }
        for (String field : List.of("firstLogAt", "lastLogAt", "createdAt", "updatedAt")) {
            Date time = session.getDate(field);
            json.put(field, time == null ? null : time.toInstant().toString());
        }
        return json;
    }

    private void listSessions(Context request) {
        ArrayNode list = JsonNodeFactory.instance.arrayNode();
        sessions.list(user(request)).forEach(session -> list.add(json(session)));
        answer(request, 200, object().set("sessions", list));
    }

    private void deleteSession(Context request) {
        String id = request.pathParam("id");
        sessions.delete(user(request), id);
        logs.delete(id);
        request.status(204);
    }

    private void appendLogs(Context request) {
        String id = request.pathParam("id");
        User user = user(request);
        sessions.get(user, id);
        String key = request.header("Idempotency-Key");
        if (key != null) {
            RequestBody.name(key, "Idempotency-Key");
        }
        Numbers numbers = logs.append(user, id, key, RequestBody.records(RequestBody.object(request)));
        answer(
                request,
                200,
                object().put("created", numbers.count())
                        .put("startSequence", numbers.start())
                        .put("endSequence", numbers.end() - 1)
                        .put("sessionId", id));
    }

    private void findLogs(Context request) {
        Document session = sessions.get(user(request), request.pathParam("id"));
        Logs.Page page = logs.find(session, LogQuery.of(request));
        ArrayNode records = JsonNodeFactory.instance.arrayNode();
        records.addAll(page.records());
        ObjectNode answer = object();
        answer.set("logs", records);
        answer(request, 200, answer.put("hasMore", page.hasMore()));
    }

    private void checkStream(Context request) {
        sessions.get(user(request), request.pathParam("id"));
        streamFrom(request);
    }

    private static long streamFrom(Context request) {
        String last = request.header("Last-Event-ID"); // a browser's, when it connects again
        String after = last == null ? request.queryParam("after") : last;
        try {
            return after == null ? 0 : Math.max(0, Math.addExact(Long.parseLong(after), 1));
        } catch (NumberFormatException | ArithmeticException noNumber) {
            throw ApiException.badRequest("after", RequestBody.quoted(after) + " is no number of a record");
        }
    }

    private void streamLogs(SseClient client) {
        Context request = client.ctx();
        streams.open(client, user(request), request.pathParam("id"), streamFrom(request));
    }

    private void signIn(Context request) {
        JsonNode body = RequestBody.object(request);
        String token = body.path("token").asString("");
        if (token.isEmpty() && settings.isDevelopment()) {
            token = tokens.ofName(RequestBody.name(body.path("userName").asString(""), "userName"), Instant.now());
        }
        User user = tokens.user(token);
        Cookie cookie = new Cookie(COOKIE, token);
        cookie.setHttpOnly(true);
        cookie.setSameSite(SameSite.STRICT);
        request.cookie(cookie);
        answer(request, 200, object().put("userName", user.name()));
    }

    private static void page(Context request) throws IOException {
        try (InputStream page = DreamlakeServer.class.getResourceAsStream("/page.html")) {
            request.contentType("text/html; charset=utf-8")
                    .header(
                            "Content-Security-Policy",
                            "default-src 'self'; script-src 'unsafe-inline'; img-src data:; style-src 'unsafe-inline'")
                    .result(page.readAllBytes());
        }
    }

    /** Answers what was asked, and closes the store. */
    @Override
    public void close() {
        streams.close();
        http.stop();
        client.close();
        if (embedded != null) {
            embedded.close();
        }
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
                    + (settings.isDevelopment() ? "; development mode: any user name is let in" : ""));
        } catch (IOException | RuntimeException fault) {
            System.err.println("Cannot start: " + fault.getMessage());
            System.exit(1);
        }
    }
}
