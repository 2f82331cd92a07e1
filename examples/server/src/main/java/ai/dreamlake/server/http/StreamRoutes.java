package ai.dreamlake.server.http;

import ai.dreamlake.server.store.LogStore;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.CompletableFuture;

/** Sends records as they arrive: server-sent events. */
final class StreamRoutes implements Routes {

    private final Requests requests;
    private final LogStore store;
    private final LogStreams streams;

    StreamRoutes(Requests requests, LogStore store, LogStreams streams) {
        this.requests = requests;
        this.store = store;
        this.streams = streams;
    }

    @Override
    public void addTo(RoutesConfig routes) {
        routes.get("/sessions/{id}/logs/stream", this::stream);
    }

    /** Once a stream has begun, it is too late for an error status. So all faults are found before. */
    private void stream(Context request) {
        User user = requests.user(request);
        String session = Requests.session(request);
        store.session(user.id(), session);
        long from = from(request);
        streams.take();
        request.disableCompression();
        request.status(200)
                .contentType("text/event-stream; charset=utf-8")
                .header("Cache-Control", "no-cache")
                .header("X-Accel-Buffering", "no"); // a proxy must pass events on at once
        request.future(() -> begin(request, user, session, from));
    }

    private CompletableFuture<Void> begin(Context request, User user, String session, long from) {
        EventStream stream;
        try {
            stream = streams.open(request.res().getOutputStream(), user, session, from);
        } catch (IOException e) {
            streams.giveBack();
            throw new UncheckedIOException(e);
        }
        try {
            return stream.start();
        } catch (RuntimeException gone) {
            stream.close();
            throw gone;
        }
    }

    private static long from(Context request) {
        String last = request.header("Last-Event-ID"); // from a browser that reconnects
        String after = last == null ? Parameters.text(request, "after") : last;
        try {
            return after == null ? 0 : Math.max(0, Math.addExact(Long.parseLong(after), 1));
        } catch (NumberFormatException | ArithmeticException noNumber) {
            throw ApiException.badRequest("after", Text.quoted(after) + " is not a record number");
        }
    }
}
