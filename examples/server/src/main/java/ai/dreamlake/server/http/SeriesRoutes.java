package ai.dreamlake.server.http;

import ai.dreamlake.server.series.Line;
import ai.dreamlake.server.series.Series;
import ai.dreamlake.server.store.LogStore;
import ai.dreamlake.server.store.SeriesPoint;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A number through all records of a session, as a line to draw.
 *
 * <pre>
 *   {"name": "train_loss", "x": "number", "count": 3, "end": 42, "points": [[0, 0.75], [20, "NaN"], [41, 0.5]]}
 * </pre>
 */
final class SeriesRoutes implements Routes {

    private static final int DEFAULT_POINTS = 1000;

    private final Requests requests;
    private final LogStore store;
    private final Series series;

    SeriesRoutes(Requests requests, LogStore store, Series series) {
        this.requests = requests;
        this.store = store;
        this.series = series;
    }

    @Override
    public void addTo(RoutesConfig routes) {
        routes.get("/sessions/{id}/series", this::line);
    }

    private void line(Context request) {
        String session = Requests.session(request);
        store.session(requests.user(request).id(), session);
        String name = RequestBody.name(text(request, "name", ""), "name");
        String axis = RequestBody.name(text(request, "x", Series.BY_NUMBER), "x");
        int most = Parameters.number(request, "points", Series.MIN_POINTS, Series.MAX_POINTS, DEFAULT_POINTS);
        Line line = line(request, session, name, axis, most);
        ObjectNode answer = Requests.object()
                .put("name", name)
                .put("x", axis)
                .put("count", line.count())
                .put("end", line.end());
        ArrayNode points = answer.putArray("points");
        line.points()
                .forEach(point -> points.addArray()
                        .add(x(axis, point.at()))
                        .add(RecordJson.number(point.at().value())));
        Requests.answer(request, 200, answer);
    }

    /** The whole line, or the part between {@code from} and {@code to}. */
    private Line line(Context request, String session, String name, String axis, int most) {
        String from = Parameters.text(request, "from");
        String to = Parameters.text(request, "to");
        if (from == null && to == null) {
            return series.line(session, name, axis, most);
        }
        return switch (axis) {
            case Series.BY_NUMBER ->
                series.piece(
                        session,
                        name,
                        Parameters.longNumber(request, "from", 0, Long.MAX_VALUE, 0),
                        Parameters.longNumber(request, "to", 0, Long.MAX_VALUE, Long.MAX_VALUE),
                        most);
            case Series.BY_TIME ->
                series.piece(
                        session,
                        name,
                        from == null ? null : RequestBody.time(from, "from"),
                        to == null ? null : RequestBody.time(to, "to"),
                        most);
            default -> throw ApiException.badRequest(from == null ? "to" : "from", "is only for x=number and x=time");
        };
    }

    private static String text(Context request, String name, String otherwise) {
        String value = Parameters.text(request, name);
        return value == null ? otherwise : Text.whole(value);
    }

    private static JsonNode x(String axis, SeriesPoint point) {
        JsonNodeFactory json = JsonNodeFactory.instance;
        return switch (axis) {
            case Series.BY_NUMBER -> json.numberNode(point.number());
            case Series.BY_TIME -> json.stringNode(RecordJson.time(point.timestamp()));
            default -> RecordJson.number(point.x());
        };
    }
}
