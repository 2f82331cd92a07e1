package ai.dreamlake.server.http;

import io.javalin.http.Context;
import io.javalin.http.HandlerType;
import java.io.IOException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** What all routes share: identifying the user, reading the body and sending the answer. Thread-safe. */
final class Requests {

    /** The browser keeps its token in this cookie. */
    static final String COOKIE = "dreamlake-token";

    private static final String BEARER = "Bearer ";
    private static final String USER = "dreamlake.user";

    private final Tokens tokens;
    private final Bodies bodies;
    private final Peer peer;

    Requests(Tokens tokens, Bodies bodies, Peer peer) {
        this.tokens = tokens;
        this.bodies = bodies;
        this.peer = peer;
    }

    /**
     * The user who sent a request. Call it before reading the body. A browser's cookie permits reading only, because
     * any web page can make a browser send it.
     *
     * @throws ApiException 401 if there is no valid token
     */
    User user(Context request) {
        User user = request.attribute(USER);
        if (user == null) {
            user = tokens.user(token(request));
            request.attribute(USER, user);
        }
        return user;
    }

    /** Null if there is no valid token. */
    User userOrNull(Context request) {
        try {
            return user(request);
        } catch (ApiException nobody) {
            return null;
        }
    }

    private static String token(Context request) {
        String header = request.header("Authorization");
        if (header != null && header.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
            return header.substring(BEARER.length()).strip();
        }
        return request.method().equals(HandlerType.GET) ? request.cookie(COOKIE) : null;
    }

    /** @throws ApiException 400 if the body is not a JSON object; 408, 413 or 503 if it cannot be read */
    JsonNode body(Context request) {
        return bodies.object(request, client(request));
    }

    /** Like {@link #body}, for a call that needs no token: the body must be small, and arrive within seconds. */
    JsonNode smallBody(Context request) {
        return bodies.smallObject(request, client(request));
    }

    private Bodies.Client client(Context request) {
        User user = request.attribute(USER);
        String address = peer.address(request);
        return new Bodies.Client(user == null ? "address " + address : "user " + user.id(), address);
    }

    /**
     * For a body that is not JSON or may be large: runs the reader, and sends its answer. Then it reads the rest of the
     * body.
     *
     * @param status of the answer
     * @throws ApiException 503 if the user sends too many bodies at a time
     */
    void read(Context request, int status, Bodies.Reading<ObjectNode> answer) throws IOException {
        user(request);
        bodies.reading(client(request), () -> {
            try {
                answer(request, status, answer.read());
                return null;
            } finally {
                bodies.skipRest(request);
            }
        });
    }

    /** The {@code id} in a path, which is that of a session. */
    static String session(Context request) {
        return request.pathParam("id");
    }

    static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    static void answer(Context request, int status, ObjectNode json) {
        request.status(status).contentType("application/json").result(json.toString());
    }

    static void error(Context request, int status, String message) {
        answer(request, status, object().put("error", message));
    }
}
