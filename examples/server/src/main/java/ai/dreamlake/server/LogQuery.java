package ai.dreamlake.server;

import static com.mongodb.client.model.Filters.eq;
import static com.mongodb.client.model.Filters.gte;
import static com.mongodb.client.model.Filters.in;
import static com.mongodb.client.model.Filters.lte;
import static com.mongodb.client.model.Filters.regex;

import com.mongodb.client.model.Filters;
import io.javalin.http.Context;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.regex.Pattern;
import org.bson.conversions.Bson;

/**
 * What a client wants to see of a log: the query parameters of {@code GET /sessions/{id}/logs}.
 *
 * @param limit how many records at most
 * @param offset how many to leave out before them
 * @param byTimestamp whether they are in the order of their times, else of their numbers
 * @param descending whether the last one comes first
 * @param filters all of which must hold; none means all records
 */
record LogQuery(int limit, int offset, boolean byTimestamp, boolean descending, List<Bson> filters) {

    private static final int DEFAULT_LIMIT = 100;
    private static final int LARGEST_LIMIT = 10_000;

    /** These records, the first one first. */
    static LogQuery of(Numbers numbers) {
        return new LogQuery(Math.max(1, numbers.count()), 0, false, false, List.of());
    }

    /** @throws ApiException 400 if a parameter makes no sense */
    static LogQuery of(Context request) {
        List<Bson> filters = new ArrayList<>();
        String levels = parameter(request, "level");
        if (levels != null) {
            filters.add(in("level", levels(levels)));
        }
        String start = parameter(request, "startTime");
        if (start != null) {
            filters.add(gte("timestamp", Date.from(RequestBody.time(start, "startTime"))));
        }
        String end = parameter(request, "endTime");
        if (end != null) {
            filters.add(lte("timestamp", Date.from(RequestBody.time(end, "endTime"))));
        }
        String search = parameter(request, "search");
        if (search != null && search.indexOf('\0') >= 0) {
            throw ApiException.badRequest("search", "has a character that cannot be searched for");
        }
        if (search != null) {
            filters.add(regex("message", Pattern.quote(search), "i"));
        }
        return new LogQuery(
                number(request, "limit", 1, LARGEST_LIMIT, DEFAULT_LIMIT),
                number(request, "offset", 0, Integer.MAX_VALUE, 0),
                choice(request, "orderBy", "sequenceNumber", "timestamp"),
                choice(request, "order", "asc", "desc"),
                filters);
    }

    private static String parameter(Context request, String name) {
        String value = request.queryParam(name);
        return value == null || value.isEmpty() ? null : value;
    }

    private static List<String> levels(String commaSeparated) {
        List<String> levels = List.of(commaSeparated.split(","));
        for (String level : levels) {
            if (!RequestBody.LEVELS.contains(level)) {
                throw ApiException.badRequest(
                        "level", RequestBody.quoted(level) + " is none of " + String.join(", ", RequestBody.LEVELS));
            }
        }
        return levels;
    }

    private static int number(Context request, String name, int least, int most, int otherwise) {
        String value = parameter(request, name);
        if (value == null) {
            return otherwise;
        }
        try {
            int number = Integer.parseInt(value);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException noNumber) {
            // Told below.
        }
        throw ApiException.badRequest(name, RequestBody.quoted(value) + " is no number from " + least + " to " + most);
    }

    /** Whether it is the second of two values; the first one is the default. */
    private static boolean choice(Context request, String name, String usual, String other) {
        String value = parameter(request, name);
        if (value == null || value.equals(usual)) {
            return false;
        }
        if (value.equals(other)) {
            return true;
        }
        throw ApiException.badRequest(name, RequestBody.quoted(value) + " is neither " + usual + " nor " + other);
    }

    Bson filter(String session) {
        List<Bson> all = new ArrayList<>(filters);
        all.add(0, eq("sessionId", session));
        return Filters.and(all);
    }
}
