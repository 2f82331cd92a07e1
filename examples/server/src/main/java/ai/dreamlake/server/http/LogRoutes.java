package ai.dreamlake.server.http;

import ai.dreamlake.server.store.LogStore;
import ai.dreamlake.server.store.NewRecord;
import ai.dreamlake.server.store.Numbers;
import ai.dreamlake.server.store.Page;
import ai.dreamlake.server.store.RecordQuery;
import ai.dreamlake.server.store.StoredRecord;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Appends records to a session, and returns them. */
final class LogRoutes implements Routes {

    private final Requests requests;
    private final LogStore store;
    private final Appended appended;

    /** Is notified of new records. */
    interface Appended {
        void appended(String session, Numbers numbers);
    }

    LogRoutes(Requests requests, LogStore store, Appended appended) {
        this.requests = requests;
        this.store = store;
        this.appended = appended;
    }

    @Override
    public void addTo(RoutesConfig routes) {
        routes.post("/sessions/{id}/logs", this::append);
        routes.get("/sessions/{id}/logs", this::find);
    }

    private void append(Context request) {
        User user = requests.user(request);
        String id = Requests.session(request);
        String key = request.header("Idempotency-Key");
        if (key != null) {
            RequestBody.name(key, "Idempotency-Key");
        }
        List<NewRecord> batch = RequestBody.records(requests.body(request));
        Numbers numbers = store.append(user.id(), id, key, batch);
        appended.appended(id, numbers);
        Requests.answer(
                request,
                200,
                Requests.object()
                        .put("created", numbers.count())
                        .put("startSequence", numbers.start())
                        .put("endSequence", numbers.end() - 1)
                        .put("sessionId", id));
    }

    private void find(Context request) {
        String id = Requests.session(request);
        store.session(requests.user(request).id(), id);
        RecordQuery query = RecordQueries.of(request);
        Page<StoredRecord> page = store.records(id, query);
        ObjectNode answer = Requests.object();
        ArrayNode records = answer.putArray("logs");
        page.items().forEach(record -> records.add(RecordJson.of(record)));
        Requests.answer(request, 200, answer.put("hasMore", page.hasMore()));
    }
}
