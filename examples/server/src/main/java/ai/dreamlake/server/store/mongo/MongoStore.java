package ai.dreamlake.server.store.mongo;

import static ai.dreamlake.server.store.mongo.Database.asking;

import ai.dreamlake.server.store.Description;
import ai.dreamlake.server.store.Histogram;
import ai.dreamlake.server.store.NewRecord;
import ai.dreamlake.server.store.Numbers;
import ai.dreamlake.server.store.Page;
import ai.dreamlake.server.store.RecordFilter;
import ai.dreamlake.server.store.RecordQuery;
import ai.dreamlake.server.store.SeriesPoint;
import ai.dreamlake.server.store.SeriesQuery;
import ai.dreamlake.server.store.Session;
import ai.dreamlake.server.store.Store;
import ai.dreamlake.server.store.StoreException;
import ai.dreamlake.server.store.StoredRecord;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A store in MongoDB: a single node, a replica set or a sharded cluster. Any number of servers may use one database at
 * once, because they share no state outside it.
 *
 * <p>{@link #end} of a session stops before numbers whose records are still being written. Numbers that a writer left
 * without records when it died are skipped after 10 to 20 seconds.
 *
 * <p>A session's record count and end include all numbers given, even if the writer died and never stored the records.
 */
public final class MongoStore implements Store {

    /**
     * Documents fetched at a time where they may be large: this many of the largest size fit into one message. MongoDB
     * itself sends fewer if they are larger; other databases do not check.
     */
    static final int AT_A_TIME = 40;

    private final Database database;
    private final Sessions sessions;
    private final Batches batches;
    private final Records records;
    private final Ends ends;
    private final Runs runs;
    private final Files files;
    private final Removal removal;

    /**
     * Connects, and creates missing collections and indexes. That takes long in a large database of another version.
     *
     * @param uri in MongoDB's format; the database is {@code dreamlake} unless the URI names another
     * @param clock gives the time when records are stored
     * @throws IllegalArgumentException if the URI is invalid
     * @throws StoreException UNAVAILABLE
     */
    public MongoStore(String uri, Clock clock) {
        database = asking(() -> new Database(uri));
        sessions = new Sessions(database, clock);
        batches = new Batches(database, sessions, clock);
        records = new Records(database, sessions, batches, clock);
        ends = new Ends(sessions, records, clock);
        runs = new Runs(database, sessions, clock);
        files = new Files(database, sessions, clock);
        removal = new Removal(database, records, batches, runs, files, clock);
        removal.wake();
    }

    @Override
    public void ping() {
        asking(() -> {
            database.ping();
            return null;
        });
    }

    @Override
    public Upserted upsert(String userId, String workspace, Description given) {
        return asking(() -> sessions.upsert(userId, workspace, given));
    }

    @Override
    public Session session(String userId, String id) {
        return asking(() -> sessions.get(userId, id));
    }

    @Override
    public List<Session> sessions(String userId) {
        return asking(() -> sessions.list(userId));
    }

    @Override
    public Numbers append(String userId, String id, String key, List<NewRecord> batch) {
        return asking(() -> records.append(userId, id, key, batch));
    }

    @Override
    public long end(String id) {
        return asking(() -> ends.end(id));
    }

    @Override
    public Page<StoredRecord> records(String id, RecordQuery query) {
        return asking(() -> records.find(id, query));
    }

    @Override
    public Histogram histogram(String id, RecordFilter filter, int buckets) {
        return asking(() -> records.histogram(id, filter, buckets));
    }

    @Override
    public void series(String id, SeriesQuery query, Consumer<SeriesPoint> each) {
        asking(() -> {
            records.series(id, query, each);
            return null;
        });
    }

    @Override
    public void delete(String userId, String id) {
        asking(() -> {
            sessions.markDeleted(userId, id);
            return null;
        });
        removal.wake();
    }

    @Override
    public int deleteOlderThan(Instant time, int atMost) {
        removal.wake();
        return asking(() -> {
            int deleted = records.deleteOlderThan(time, atMost);
            batches.deleteOlderThan(time, atMost);
            return deleted;
        });
    }

    @Override
    public Parameters mergeParameters(String userId, String id, ObjectNode data) {
        return asking(() -> runs.mergeParameters(userId, id, data));
    }

    @Override
    public Optional<Parameters> parameters(String id) {
        return asking(() -> runs.parameters(id));
    }

    @Override
    public Appended appendToTrack(
            String userId,
            String id,
            String name,
            String description,
            List<String> tags,
            ObjectNode metadata,
            List<ObjectNode> points) {
        return asking(() -> runs.appendToTrack(userId, id, name, description, tags, metadata, points));
    }

    @Override
    public Page<JsonNode> points(String id, String track, long start, int limit) {
        return asking(() -> runs.points(id, track, start, limit));
    }

    @Override
    public Optional<Track> track(String id, String name) {
        return asking(() -> runs.track(id, name));
    }

    @Override
    public List<Track> tracks(String id) {
        return asking(() -> runs.tracks(id));
    }

    @Override
    public StoredFile addFile(String userId, String id, StoredFile described, InputStream bytes, long limit)
            throws IOException {
        return files.add(userId, id, described, bytes, limit);
    }

    @Override
    public List<StoredFile> files(String id) {
        return asking(() -> files.files(id));
    }

    @Override
    public StoredFile file(String id, String fileId) {
        return asking(() -> files.file(id, fileId));
    }

    @Override
    public void readFile(String id, String fileId, OutputStream to) throws IOException {
        files.write(id, fileId, to);
    }

    @Override
    public StoredFile changeFile(
            String userId, String id, String fileId, String description, List<String> tags, ObjectNode metadata) {
        return asking(() -> files.change(userId, id, fileId, description, tags, metadata));
    }

    @Override
    public void deleteFile(String userId, String id, String fileId) {
        asking(() -> {
            files.markDeleted(userId, id, fileId);
            return null;
        });
        removal.wake();
    }

    @Override
    public void close() {
        removal.close();
        database.close();
    }
}
