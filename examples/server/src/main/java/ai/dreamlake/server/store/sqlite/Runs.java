package ai.dreamlake.server.store.sqlite;

import ai.dreamlake.server.store.Numbers;
import ai.dreamlake.server.store.Page;
import ai.dreamlake.server.store.RunStore;
import ai.dreamlake.server.store.RunStore.Appended;
import ai.dreamlake.server.store.RunStore.Parameters;
import ai.dreamlake.server.store.RunStore.Track;
import ai.dreamlake.server.store.sqlite.Sessions.Known;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Parameters and tracks. */
final class Runs {

    private static final long MAX_PAGE = 4 * 1024 * 1024;

    private static final String SELECT_TRACK =
            "SELECT row, id, name, description, tags, metadata, end, createdAt, updatedAt FROM track ";

    private final Readers readers;
    private final Writer writer;

    Runs(Readers readers, Writer writer) {
        this.readers = readers;
        this.writer = writer;
    }

    Parameters mergeParameters(String user, String id, ObjectNode data) {
        long now = System.currentTimeMillis();
        return writer.write(sql -> {
            Known session = Sessions.writable(sql, user, id);
            Optional<Parameters> before = findParameters(sql, session.row());
            ObjectNode all = before.isPresent() ? before.get().data() : Json.MAPPER.createObjectNode();
            all.setAll(data);
            RunStore.checkSize(all);
            sql.update("""
                    INSERT INTO parameters (session, id, data, version, createdAt, updatedAt) VALUES (?, ?, ?, 1, ?, ?)
                    ON CONFLICT (session) DO UPDATE SET data = excluded.data, version = version + 1,
                      updatedAt = excluded.updatedAt
                    """, session.row(), Sessions.newId(), Json.text(all), now, now);
            return findParameters(sql, session.row()).orElseThrow();
        });
    }

    Optional<Parameters> parameters(String id) {
        return readers.read(sql -> {
            Optional<Known> session = Sessions.find(sql, id);
            return session.isEmpty()
                    ? Optional.empty()
                    : findParameters(sql, session.get().row());
        });
    }

    private static Optional<Parameters> findParameters(Sql sql, long session) throws SQLException {
        return sql.one(
                "SELECT id, data, version, createdAt, updatedAt FROM parameters WHERE session = ?",
                row -> new Parameters(
                        row.getString(1),
                        (ObjectNode) Json.tree(row.getString(2)),
                        row.getInt(3),
                        Times.ofMillis(row.getLong(4)),
                        Times.ofMillis(row.getLong(5))),
                session);
    }

    /** @param row in the table; the keys of its points begin with it */
    private record KnownTrack(long row, Track track) {}

    private static KnownTrack readTrack(ResultSet row) throws SQLException {
        Track track = new Track(
                row.getString("id"),
                row.getString("name"),
                row.getString("description"),
                Json.texts(row.getString("tags")),
                Json.tree(row.getString("metadata")),
                row.getLong("end"),
                Times.ofMillis(row.getLong("createdAt")),
                Times.ofMillis(row.getLong("updatedAt")));
        return new KnownTrack(row.getLong("row"), track);
    }

    private static Optional<KnownTrack> findTrack(Sql sql, long session, String name) throws SQLException {
        return sql.one(SELECT_TRACK + "WHERE session = ? AND name = ?", Runs::readTrack, session, name);
    }

    Appended appendToTrack(
            String user,
            String id,
            String name,
            String description,
            List<String> tags,
            ObjectNode metadata,
            List<ObjectNode> points) {
        List<String> texts = points.stream().map(Json::text).toList();
        long now = System.currentTimeMillis();
        return writer.write(sql -> {
            Known session = Sessions.writable(sql, user, id);
            sql.update(
                    """
                    INSERT INTO track (session, id, name, description, tags, metadata, end, createdAt, updatedAt)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT (session, name) DO UPDATE SET description = ifnull(excluded.description, description),
                      tags = ifnull(excluded.tags, tags), metadata = ifnull(excluded.metadata, metadata),
                      end = end + excluded.end, updatedAt = excluded.updatedAt
                    """,
                    session.row(),
                    Sessions.newId(),
                    name,
                    description,
                    Json.text(tags),
                    Json.text(metadata),
                    texts.size(),
                    now,
                    now);
            KnownTrack track = findTrack(sql, session.row(), name).orElseThrow();
            Numbers numbers = new Numbers(track.track().end() - texts.size(), texts.size());
            long number = numbers.start();
            for (String text : texts) {
                sql.update("INSERT INTO point (track, number, data) VALUES (?, ?, ?)", track.row(), number++, text);
            }
            return new Appended(track.track(), numbers);
        });
    }

    Page<JsonNode> points(String id, String name, long start, int limit) {
        return readers.read(sql -> {
            Optional<KnownTrack> track = knownTrack(sql, id, name);
            List<JsonNode> points = new ArrayList<>();
            if (track.isEmpty()) {
                return new Page<>(points, false);
            }
            long[] size = {0};
            sql.each(
                    "SELECT data FROM point WHERE track = ? AND number >= ? ORDER BY number LIMIT ?",
                    row -> {
                        String text = row.getString(1);
                        size[0] += text.length();
                        if (size[0] > MAX_PAGE && !points.isEmpty()) {
                            return false;
                        }
                        points.add(Json.tree(text));
                        return true;
                    },
                    track.get().row(),
                    start,
                    limit);
            return new Page<>(
                    points,
                    !points.isEmpty()
                            && start + points.size() < track.get().track().end());
        });
    }

    private static Optional<KnownTrack> knownTrack(Sql sql, String id, String name) throws SQLException {
        Optional<Known> session = Sessions.find(sql, id);
        return session.isEmpty()
                ? Optional.empty()
                : findTrack(sql, session.get().row(), name);
    }

    Optional<Track> track(String id, String name) {
        return readers.read(sql -> knownTrack(sql, id, name).map(KnownTrack::track));
    }

    List<Track> tracks(String id) {
        return readers.read(sql -> {
            Optional<Known> session = Sessions.find(sql, id);
            return session.isEmpty()
                    ? List.<Track>of()
                    : sql.all(
                            SELECT_TRACK + "WHERE session = ? ORDER BY name",
                            row -> readTrack(row).track(),
                            session.get().row());
        });
    }
}
