package ai.dreamlake.server.http;

import ai.dreamlake.server.store.Histogram;
import ai.dreamlake.server.store.Level;
import ai.dreamlake.server.store.LogStore;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The number of records over time.
 *
 * <pre>
 *   {"from": "2025-10-29T10:30:00.000000Z", "to": "2025-10-29T11:30:00.000000Z",
 *    "buckets": [{"start": "2025-10-29T10:30:00.000000Z", "counts": {"info": 12, "error": 1}}, …]}
 * </pre>
 */
final class HistogramRoutes implements Routes {

    private static final int MAX_BUCKETS = 500;
    private static final int DEFAULT_BUCKETS = 100;

    private final Requests requests;
    private final LogStore store;

    HistogramRoutes(Requests requests, LogStore store) {
        this.requests = requests;
        this.store = store;
    }

    @Override
    public void addTo(RoutesConfig routes) {
        routes.get("/sessions/{id}/histogram", this::count);
    }

    private void count(Context request) {
        String id = Requests.session(request);
        store.session(requests.user(request).id(), id);
        int most = Parameters.number(request, "buckets", 1, MAX_BUCKETS, DEFAULT_BUCKETS);
        Histogram histogram = store.histogram(id, RecordQueries.filter(request), most);
        ObjectNode answer = Requests.object();
        if (!histogram.buckets().isEmpty()) {
            answer.put("from", RecordJson.time(histogram.from()));
            answer.put("to", RecordJson.time(histogram.to()));
        }
        ArrayNode buckets = answer.putArray("buckets");
        for (Histogram.Bucket bucket : histogram.buckets()) {
            ObjectNode json = buckets.addObject().put("start", RecordJson.time(bucket.start()));
            ObjectNode counts = json.putObject("counts");
            for (Level level : Level.values()) {
                if (bucket.counts().containsKey(level)) {
                    counts.put(level.text(), bucket.counts().get(level));
                }
            }
        }
        Requests.answer(request, 200, answer);
    }
}
