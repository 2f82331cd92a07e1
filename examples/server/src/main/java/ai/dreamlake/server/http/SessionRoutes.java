package ai.dreamlake.server.http;

import ai.dreamlake.server.store.Level;
import ai.dreamlake.server.store.LogStore;
import ai.dreamlake.server.store.LogStore.Upserted;
import ai.dreamlake.server.store.Session;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Creates, returns and deletes sessions. */
final class SessionRoutes implements Routes {

    private final Requests requests;
    private final LogStore store;

    SessionRoutes(Requests requests, LogStore store) {
        this.requests = requests;
        this.store = store;
    }

    @Override
    public void addTo(RoutesConfig routes) {
        routes.post("/workspaces/<workspace>/sessions", this::upsert);
        routes.get("/sessions", this::list);
        routes.get("/sessions/{id}", this::show);
        routes.delete("/sessions/{id}", this::delete);
    }

    private void upsert(Context request) {
        User user = requests.user(request);
        String workspace = RequestBody.name(Text.whole(request.pathParam("workspace")), "workspace");
        Upserted upserted = store.upsert(user.id(), workspace, RequestBody.description(requests.body(request)));
        ObjectNode session = json(upserted.session());
        ObjectNode answer = Requests.object();
        answer.set("session", session);
        answer.put("workspace", workspace);
        answer.set("folder", session.get("folder"));
        answer.put("namespace", user.name() == null ? user.id() : user.name());
        Requests.answer(request, upserted.isNew() ? 201 : 200, answer);
    }

    private void list(Context request) {
        ArrayNode list = JsonNodeFactory.instance.arrayNode();
        store.sessions(requests.user(request).id()).forEach(session -> list.add(json(session)));
        Requests.answer(request, 200, Requests.object().set("sessions", list));
    }

    private void show(Context request) {
        Session session = store.session(requests.user(request).id(), Requests.session(request));
        Requests.answer(request, 200, json(session));
    }

    private void delete(Context request) {
        store.delete(requests.user(request).id(), Requests.session(request));
        request.status(204);
    }

    private static ObjectNode json(Session session) {
        ObjectNode json = Requests.object();
        json.put("id", session.id());
        json.put("name", session.name());
        json.put("workspace", session.workspace());
        json.put("description", session.description());
        if (session.tags() == null) {
            json.putNull("tags");
        } else {
            ArrayNode tags = json.putArray("tags");
            session.tags().forEach(tags::add);
        }
        json.put("folder", session.folder());
        json.set("metadata", session.metadata()); // null becomes JSON's null
        json.put("writeProtected", session.writeProtected());
        json.put("logCount", session.recordCount());
        json.put("nextSequenceNumber", session.end());
        ObjectNode counts = json.putObject("levelCounts");
        for (Level level : Level.values()) {
            if (session.levelCounts().containsKey(level)) {
                counts.put(level.text(), session.levelCounts().get(level));
            }
        }
        ObjectNode metrics = json.putObject("metrics");
        session.lastMetrics().forEach((name, value) -> metrics.set(name, RecordJson.number(value)));
        json.put("firstLogAt", time(session.firstRecordAt()));
        json.put("lastLogAt", time(session.lastRecordAt()));
        json.put("createdAt", time(session.createdAt()));
        json.put("updatedAt", time(session.updatedAt()));
        return json;
    }

    private static String time(Instant time) {
        return time == null ? null : time.truncatedTo(ChronoUnit.MILLIS).toString();
    }
}
