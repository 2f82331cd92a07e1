package ai.dreamlake.server.http;

import ai.dreamlake.server.store.Level;
import ai.dreamlake.server.store.RecordFilter;
import ai.dreamlake.server.store.RecordQuery;
import ai.dreamlake.server.store.RecordQuery.Order;
import io.javalin.http.Context;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Set;

/** Which records a client asks for: the query parameters of {@code GET /sessions/{id}/logs} and of other calls. */
final class RecordQueries {

    private static final int DEFAULT_LIMIT = 100;
    private static final int MAX_LIMIT = 10_000;

    private RecordQueries() {}

    /** @throws ApiException 400 if a parameter is invalid */
    static RecordQuery of(Context request) {
        return new RecordQuery(
                Parameters.number(request, "limit", 1, MAX_LIMIT, DEFAULT_LIMIT),
                Parameters.number(request, "offset", 0, Integer.MAX_VALUE, 0),
                Parameters.isOther(request, "orderBy", "sequenceNumber", "timestamp") ? Order.TIMESTAMP : Order.NUMBER,
                Parameters.isOther(request, "order", "asc", "desc"),
                filter(request));
    }

    /**
     * Only the conditions that records must meet.
     *
     * @throws ApiException 400 if a parameter is invalid
     */
    static RecordFilter filter(Context request) {
        String search = Parameters.text(request, "search");
        if (search != null && search.indexOf('\0') >= 0) {
            throw ApiException.badRequest("search", "has a character that cannot be searched for");
        }
        return new RecordFilter(
                levels(Parameters.text(request, "level")),
                time(request, "startTime"),
                time(request, "endTime"),
                Parameters.longNumber(request, "after", -1, Long.MAX_VALUE, -1),
                Parameters.longNumber(request, "before", 0, Long.MAX_VALUE, Long.MAX_VALUE),
                search == null ? null : Text.whole(search),
                Conditions.of(request.queryParams("where")));
    }

    private static Set<Level> levels(String commaSeparated) {
        Set<Level> levels = EnumSet.noneOf(Level.class);
        if (commaSeparated != null) {
            for (String level : commaSeparated.split(",")) {
                levels.add(RequestBody.level(level, "level"));
            }
        }
        return levels;
    }

    private static Instant time(Context request, String name) {
        String text = Parameters.text(request, name);
        return text == null ? null : RequestBody.time(text, name);
    }
}
