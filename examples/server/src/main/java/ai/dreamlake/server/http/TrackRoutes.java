package ai.dreamlake.server.http;

import ai.dreamlake.server.store.Numbers;
import ai.dreamlake.server.store.Page;
import ai.dreamlake.server.store.RunStore.Appended;
import ai.dreamlake.server.store.RunStore.Track;
import ai.dreamlake.server.store.Store;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The tracks of a run: series of points, each of which is an object with any fields.
 *
 * <pre>
 *   POST /sessions/{id}/tracks/{name}/append          {"data": {…}, "description"?, "tags"?, "metadata"?}
 *   POST /sessions/{id}/tracks/{name}/append-batch    {"dataPoints": [{…}, …], …}
 *   GET  /sessions/{id}/tracks/{name}/data            points: startIndex (0), limit (1 to 10,000; 1,000)
 *   GET  /sessions/{id}/tracks/{name}/stats
 *   GET  /sessions/{id}/tracks
 * </pre>
 *
 * A name may contain slashes, because the Python client does not encode them. Indexes and counts of points are texts of
 * digits, as in the answers that the client gives itself when it has no server.
 */
final class TrackRoutes implements Routes {

    private static final String TRACKS = "/sessions/{id}/tracks";
    private static final String TRACK = TRACKS + "/<track>";

    private static final int USUAL_LIMIT = 1000;
    private static final int MAX_LIMIT = 10_000;

    /** Dreamlake's own server moves points to another store in chunks of this size. This server has no chunks. */
    private static final int CHUNK = 10_000;

    private final Requests requests;
    private final Store store;

    TrackRoutes(Requests requests, Store store) {
        this.requests = requests;
        this.store = store;
    }

    @Override
    public void addTo(RoutesConfig routes) {
        routes.post(TRACK + "/append", this::append);
        routes.post(TRACK + "/append-batch", this::appendBatch);
        routes.get(TRACK + "/data", this::points);
        routes.get(TRACK + "/stats", this::stats);
        routes.get(TRACKS, this::list);
    }

    private void append(Context request) {
        User user = requests.user(request);
        JsonNode body = requests.body(request);
        Appended appended = store(request, user, body, List.of(RequestBody.object(body.path("data"), "data")));
        ObjectNode answer = Requests.object()
                .put("trackId", appended.track().id())
                .put("index", digits(appended.numbers().start()));
        Requests.answer(request, 200, withSize(answer, appended.track()));
    }

    private void appendBatch(Context request) {
        User user = requests.user(request);
        JsonNode body = requests.body(request);
        Appended appended = store(request, user, body, points(body.path("dataPoints")));
        Numbers numbers = appended.numbers();
        ObjectNode answer = Requests.object()
                .put("trackId", appended.track().id())
                .put("startIndex", digits(numbers.start()))
                .put("endIndex", digits(numbers.end() - 1))
                .put("count", numbers.count());
        Requests.answer(request, 200, withSize(answer, appended.track()));
    }

    private static List<ObjectNode> points(JsonNode array) {
        if (!array.isArray() || array.isEmpty()) {
            throw ApiException.badRequest("dataPoints", "must be an array with at least one point");
        }
        List<ObjectNode> points = new ArrayList<>(array.size());
        for (JsonNode point : array) {
            points.add(RequestBody.object(point, "dataPoints[" + points.size() + "]"));
        }
        return points;
    }

    private Appended store(Context request, User user, JsonNode body, List<ObjectNode> points) {
        return store.appendToTrack(
                user.id(),
                Requests.session(request),
                name(request),
                RequestBody.optionalText(body, "description"),
                RequestBody.tags(body),
                RequestBody.metadata(body, ""),
                points);
    }

    private static String name(Context request) {
        return RequestBody.name(Text.whole(request.pathParam("track")), "track");
    }

    private static ObjectNode withSize(ObjectNode answer, Track track) {
        return answer.put("bufferedDataPoints", digits(track.end())).put("chunkSize", CHUNK);
    }

    /** A track that nobody has written to has no points. This is not an error, because somebody may wait for them. */
    private void points(Context request) {
        String id = Requests.session(request);
        store.session(requests.user(request).id(), id);
        long start = Parameters.longNumber(request, "startIndex", 0, Long.MAX_VALUE, 0);
        int limit = Parameters.number(request, "limit", 1, MAX_LIMIT, USUAL_LIMIT);
        Page<JsonNode> page = store.points(id, name(request), start, limit);
        ArrayNode data = JsonNodeFactory.instance.arrayNode(page.items().size());
        for (JsonNode point : page.items()) {
            data.add(Requests.object().put("index", digits(start + data.size())).set("data", point));
        }
        ObjectNode answer = Requests.object();
        answer.set("data", data);
        answer.put("startIndex", start)
                .put("endIndex", start + data.size() - 1)
                .put("total", data.size())
                .put("hasMore", page.hasMore());
        Requests.answer(request, 200, answer);
    }

    private void stats(Context request) {
        String id = Requests.session(request);
        store.session(requests.user(request).id(), id);
        Track track = store.track(id, name(request))
                .orElseThrow(() -> new ApiException(404, "the session has no track of this name"));
        ObjectNode answer = json(track);
        answer.put("bufferedDataPoints", digits(track.end()));
        answer.put("chunkedDataPoints", digits(0));
        answer.put("totalChunks", 0);
        answer.put("chunkSize", CHUNK);
        answer.put("firstDataAt", track.createdAt().toString());
        answer.put("lastDataAt", track.updatedAt().toString());
        Requests.answer(request, 200, answer);
    }

    private void list(Context request) {
        String id = Requests.session(request);
        store.session(requests.user(request).id(), id);
        ArrayNode tracks = JsonNodeFactory.instance.arrayNode();
        store.tracks(id).forEach(track -> tracks.add(json(track)));
        Requests.answer(request, 200, Requests.object().set("tracks", tracks));
    }

    private static ObjectNode json(Track track) {
        ObjectNode json = Requests.object();
        json.put("trackId", track.id());
        json.put("name", track.name());
        json.put("description", track.description());
        ArrayNode tags = json.putArray("tags");
        if (track.tags() != null) {
            track.tags().forEach(tags::add);
        }
        json.set("metadata", track.metadata());
        json.put("totalDataPoints", digits(track.end()));
        json.put("createdAt", track.createdAt().toString());
        return json.put("updatedAt", track.updatedAt().toString());
    }

    private static String digits(long number) {
        return Long.toString(number);
    }
}
