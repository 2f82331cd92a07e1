package ai.dreamlake.server.http;

import ai.dreamlake.server.store.RunStore;
import ai.dreamlake.server.store.Store;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The parameters of a run: names, in which dots separate levels, and values.
 *
 * <pre>
 *   POST /sessions/{id}/parameters    {"data": {"model.lr": 0.001, …}}: adds them, replaces those of the same name
 *   GET  /sessions/{id}/parameters    all of them; 404 if there are none
 * </pre>
 */
final class ParameterRoutes implements Routes {

    private static final String PARAMETERS = "/sessions/{id}/parameters";

    private final Requests requests;
    private final Store store;

    ParameterRoutes(Requests requests, Store store) {
        this.requests = requests;
        this.store = store;
    }

    @Override
    public void addTo(RoutesConfig routes) {
        routes.post(PARAMETERS, this::merge);
        routes.get(PARAMETERS, this::show);
    }

    private void merge(Context request) {
        String id = Requests.session(request);
        String user = requests.user(request).id();
        JsonNode body = requests.body(request);
        ObjectNode data = RequestBody.object(body.path("data"), "data");
        Requests.answer(request, 200, json(id, store.mergeParameters(user, id, data)));
    }

    private void show(Context request) {
        String id = Requests.session(request);
        store.session(requests.user(request).id(), id);
        RunStore.Parameters parameters =
                store.parameters(id).orElseThrow(() -> new ApiException(404, "the session has no parameters"));
        Requests.answer(request, 200, json(id, parameters));
    }

    private static ObjectNode json(String session, RunStore.Parameters parameters) {
        ObjectNode json = Requests.object();
        json.put("id", parameters.id());
        json.put("sessionId", session);
        json.set("data", parameters.data());
        json.put("version", parameters.version());
        json.put("createdAt", parameters.createdAt().toString());
        return json.put("updatedAt", parameters.updatedAt().toString());
    }
}
