package ai.dreamlake.server.store.mongo;

import static com.mongodb.client.model.Filters.and;
import static com.mongodb.client.model.Filters.eq;
import static com.mongodb.client.model.Filters.gte;
import static com.mongodb.client.model.Filters.lt;
import static com.mongodb.client.model.Filters.lte;

import ai.dreamlake.server.store.LogStore;
import ai.dreamlake.server.store.Numbers;
import ai.dreamlake.server.store.Page;
import ai.dreamlake.server.store.RunStore;
import ai.dreamlake.server.store.RunStore.Appended;
import ai.dreamlake.server.store.RunStore.Parameters;
import ai.dreamlake.server.store.RunStore.Track;
import com.mongodb.client.model.FindOneAndUpdateOptions;
import com.mongodb.client.model.Projections;
import com.mongodb.client.model.ReturnDocument;
import com.mongodb.client.model.Sorts;
import com.mongodb.client.model.Updates;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.bson.Document;
import org.bson.RawBsonDocument;
import org.bson.codecs.DocumentCodec;
import org.bson.conversions.Bson;
import org.bson.types.ObjectId;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Parameters, tracks, and the points of tracks.
 *
 * <pre>
 *   parameters: {"_id": "9b1c…", "data": {"model%2Elr": 0.001}, "version": 1, "createdAt": …, "updatedAt": …}
 *   tracks:     {"_id": "65f…", "sessionId": "9b1c…", "name": "loss", "description": …, "tags": […], "metadata": {…},
 *                "end": 2, "createdAt": …, "updatedAt": …}
 *   points:     {"_id": "65f…/0000000000000000001", "trackId": "65f…", "index": 1, "data": {"value": 0.5},
 *                "createdAt": …}
 * </pre>
 *
 * <p>Points get their indexes as records get their numbers. If a writer dies between the two writes, its points are
 * read as empty objects, so that the others keep their indexes.
 */
final class Runs {

    private static final long MAX_PAGE = 4L * 1024 * 1024;

    /** Points deleted at a time. */
    private static final int PIECE = 1000;

    private static final int INDEX_DIGITS = 19;
    private static final FindOneAndUpdateOptions UPSERT =
            new FindOneAndUpdateOptions().upsert(true).returnDocument(ReturnDocument.AFTER);

    private final Database database;
    private final Sessions sessions;
    private final Clock clock;

    Runs(Database database, Sessions sessions, Clock clock) {
        this.database = database;
        this.sessions = sessions;
        this.clock = clock;
    }

    Parameters mergeParameters(String userId, String id, ObjectNode data) {
        sessions.checkWritable(userId, id);
        Document before = database.parameters.find(eq("_id", id)).first();
        ObjectNode all = JsonNodeFactory.instance.objectNode();
        if (before != null) {
            all.setAll(toParameters(before).data());
        }
        all.setAll(data);
        RunStore.checkSize(all);
        Date now = Date.from(clock.instant());
        List<Bson> updates = new ArrayList<>(List.of(
                Updates.inc("version", 1), Updates.set("updatedAt", now), Updates.setOnInsert("createdAt", now)));
        for (Map.Entry<String, JsonNode> entry : data.properties()) {
            updates.add(
                    Updates.set("data." + Json.escaped(entry.getKey()), database.json.valueToBson(entry.getValue())));
        }
        return toParameters(database.upsert(
                () -> database.parameters.findOneAndUpdate(eq("_id", id), Updates.combine(updates), UPSERT)));
    }

    Optional<Parameters> parameters(String id) {
        Document parameters =
                sessions.isThere(id) ? database.parameters.find(eq("_id", id)).first() : null;
        return Optional.ofNullable(parameters).map(Runs::toParameters);
    }

    private static Parameters toParameters(Document parameters) {
        return new Parameters(
                parameters.getString("_id"),
                Json.toObject(parameters.get("data", new Document())),
                (int) Sessions.number(parameters, "version"),
                Sessions.instant(parameters, "createdAt"),
                Sessions.instant(parameters, "updatedAt"));
    }

    Appended appendToTrack(
            String userId,
            String id,
            String name,
            String description,
            List<String> tags,
            ObjectNode metadata,
            List<ObjectNode> points) {
        sessions.checkWritable(userId, id);
        Date now = Date.from(clock.instant());
        List<Document> documents = new ArrayList<>();
        for (ObjectNode point : points) {
            documents.add(new Document("_id", null)
                    .append("trackId", null)
                    .append("index", null)
                    .append("data", database.json.toBson(point))
                    .append("createdAt", now));
        }
        List<Bson> updates = new ArrayList<>(List.of(
                Updates.inc("end", (long) points.size()),
                Updates.set("updatedAt", now),
                Updates.setOnInsert("_id", new ObjectId().toHexString()),
                Updates.setOnInsert("createdAt", now)));
        Sessions.addIfGiven(updates, "description", description);
        Sessions.addIfGiven(updates, "tags", tags);
        Sessions.addIfGiven(updates, "metadata", metadata == null ? null : database.json.toBson(metadata));
        // Not joined by $and: FerretDB does not look inside it for the fields of a new document.
        Document named = new Document("sessionId", id).append("name", name);
        Track track = toTrack(
                database.upsert(() -> database.tracks.findOneAndUpdate(named, Updates.combine(updates), UPSERT)));
        Numbers numbers = new Numbers(track.end() - points.size(), points.size());
        for (int i = 0; i < documents.size(); i++) {
            long index = numbers.start() + i;
            documents
                    .get(i)
                    .append("_id", pointId(track.id(), index))
                    .append("trackId", track.id())
                    .append("index", index);
        }
        if (!documents.isEmpty()) {
            database.points.insertMany(documents);
        }
        return new Appended(track, numbers);
    }

    private static String pointId(String trackId, long index) {
        String digits = Long.toString(index);
        return trackId + "/" + "0".repeat(INDEX_DIGITS - digits.length()) + digits;
    }

    private static Track toTrack(Document track) {
        return new Track(
                track.getString("_id"),
                track.getString("name"),
                track.getString("description"),
                track.getList("tags", String.class),
                Json.toObject(track.get("metadata", Document.class)),
                Sessions.number(track, "end"),
                Sessions.instant(track, "createdAt"),
                Sessions.instant(track, "updatedAt"));
    }

    Optional<Track> track(String id, String name) {
        Document track = sessions.isThere(id)
                ? database.tracks
                        .find(and(eq("sessionId", id), eq("name", name)))
                        .first()
                : null;
        return Optional.ofNullable(track).map(Runs::toTrack);
    }

    List<Track> tracks(String id) {
        List<Track> tracks = new ArrayList<>();
        if (!sessions.isThere(id)) {
            return tracks;
        }
        database.tracks
                .find(eq("sessionId", id))
                .sort(Sorts.ascending("sessionId", "name"))
                .batchSize(MongoStore.AT_A_TIME)
                .maxTime(LogStore.MAX_READ.toMillis(), TimeUnit.MILLISECONDS)
                .forEach(track -> tracks.add(toTrack(track)));
        return tracks;
    }

    Page<JsonNode> points(String id, String name, long start, int limit) {
        Optional<Track> track = track(id, name);
        List<JsonNode> points = new ArrayList<>();
        if (track.isPresent()) {
            read(track.get(), start, limit, points);
        }
        boolean hasMore =
                !points.isEmpty() && start + points.size() < track.get().end();
        return new Page<>(points, hasMore);
    }

    private void read(Track track, long start, int limit, List<JsonNode> points) {
        Instant settled = clock.instant().minus(Ends.PATIENCE);
        long size = 0;
        DocumentCodec codec = new DocumentCodec();
        try (var cursor = database.points
                .withDocumentClass(RawBsonDocument.class)
                .find(and(eq("trackId", track.id()), gte("index", start), lt("index", track.end())))
                .sort(Sorts.ascending("trackId", "index"))
                .limit(limit)
                .batchSize(MongoStore.AT_A_TIME)
                .maxTime(LogStore.MAX_READ.toMillis(), TimeUnit.MILLISECONDS)
                .cursor()) {
            while (points.size() < limit && cursor.hasNext()) {
                RawBsonDocument raw = cursor.next();
                size += raw.getByteBuffer().remaining();
                Document point = raw.decode(codec);
                long index = Sessions.number(point, "index");
                boolean isOnItsWay = index > start + points.size()
                        && point.getDate("createdAt").toInstant().isAfter(settled);
                if (isOnItsWay || size > MAX_PAGE && !points.isEmpty()) {
                    return;
                }
                while (points.size() < limit && start + points.size() < index) {
                    points.add(JsonNodeFactory.instance.objectNode());
                }
                if (points.size() < limit) {
                    points.add(Json.toObject(point.get("data", Document.class)));
                }
            }
        }
    }

    /** Deletes a piece of a session's tracks and points. Returns false if there was nothing to delete. */
    boolean deletePiece(String id) {
        Document track = database.tracks.find(eq("sessionId", id)).first();
        if (track == null) {
            return database.parameters.deleteOne(eq("_id", id)).getDeletedCount() > 0;
        }
        String trackId = track.getString("_id");
        Document last = null;
        for (Document point : database.points
                .find(eq("trackId", trackId))
                .sort(Sorts.ascending("trackId", "index"))
                .projection(Projections.include("index"))
                .limit(PIECE)) {
            last = point;
        }
        if (last == null) {
            database.tracks.deleteOne(and(eq("sessionId", id), eq("_id", trackId)));
        } else {
            database.points.deleteMany(and(eq("trackId", trackId), lte("index", Sessions.number(last, "index"))));
        }
        return true;
    }
}
