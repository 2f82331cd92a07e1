package ai.dreamlake.server.store.sqlite;

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
import ai.dreamlake.server.store.StoredRecord;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A store in one file, {@code dreamlake.db}, for one process. Acknowledged changes are on the disk. They survive a
 * power loss, as far as the disk keeps what it was told to keep.
 */
public final class SqliteStore implements Store {

    /** Maximum number of simultaneous long reads. This many keep two processors busy. */
    private static final int MAX_SCANS = 4;

    /**
     * Maximum number of simultaneous short reads. They never wait for long ones, so following a session continues while
     * others search.
     */
    private static final int MAX_LOOKS = 4;

    private final StoreFile file;
    private final Readers looks;
    private final Readers scans;
    private final Writer writer;
    private final Runs runs;
    private final Files files;
    private final Removal removal;

    /**
     * Opens the store, or creates it.
     *
     * @param directory is created if it does not exist
     * @throws IllegalStateException if the store cannot be opened; the message says why, and what to do
     */
    public SqliteStore(Path directory) {
        this(directory, MAX_READ, Checkpoints.LOG_BYTES);
    }

    /**
     * For tests.
     *
     * @param logBytes see {@link Checkpoints}
     */
    SqliteStore(Path directory, Duration longestRead, long logBytes) {
        file = new StoreFile(directory);
        looks = new Readers(file::openReader, MAX_LOOKS, longestRead);
        scans = new Readers(file::openReader, MAX_SCANS, longestRead);
        Connection connection;
        try {
            connection = file.openWriter();
        } catch (SQLException failure) {
            file.close();
            throw new IllegalStateException(
                    file + " is damaged (" + failure.getMessage() + "). " + FileCheck.restore(), failure);
        }
        writer = new Writer(new Sql(connection), new Checkpoints(connection, file, scans, logBytes));
        scans.whenPaused(writer::nudge);
        Files.forgetUnfinished(writer);
        removal = new Removal(writer);
        files = new Files(looks, writer, removal);
        runs = new Runs(looks, writer);
    }

    @Override
    public void ping() {
        looks.read(sql -> sql.number("SELECT count(*) FROM pragma_application_id"));
    }

    @Override
    public Upserted upsert(String userId, String workspace, Description given) {
        long now = System.currentTimeMillis();
        return writer.write(sql -> Sessions.upsert(sql, userId, workspace, given, now));
    }

    @Override
    public Session session(String userId, String id) {
        return looks.read(sql -> Sessions.whole(sql, userId, id));
    }

    @Override
    public List<Session> sessions(String userId) {
        return looks.read(sql -> Sessions.list(sql, userId));
    }

    @Override
    public Numbers append(String userId, String id, String key, List<NewRecord> batch) {
        Batch rows = Batch.of(batch);
        return writer.write(sql -> Records.append(sql, userId, id, key, rows, System.currentTimeMillis()));
    }

    @Override
    public long end(String id) {
        return looks.read(sql -> Sessions.end(sql, id));
    }

    @Override
    public Page<StoredRecord> records(String id, RecordQuery query) {
        Readers readers = Plan.isDirect(query) ? looks : scans;
        return readers.read(sql -> {
            Optional<Sessions.Known> session = Sessions.find(sql, id);
            return session.isEmpty() ? new Page<>(List.of(), false) : Records.find(sql, session.get(), query);
        });
    }

    @Override
    public Histogram histogram(String id, RecordFilter filter, int buckets) {
        return scans.read(sql -> {
            Optional<Sessions.Known> session = Sessions.find(sql, id);
            return session.isEmpty()
                    ? Histogram.EMPTY
                    : new Plan(sql, session.get(), RecordQuery.first(Integer.MAX_VALUE, filter)).histogram(buckets);
        });
    }

    @Override
    public void series(String id, SeriesQuery query, Consumer<SeriesPoint> each) {
        new Series(scans, id, query).give(each);
    }

    @Override
    public void delete(String userId, String id) {
        writer.write(sql -> {
            Sessions.delete(sql, userId, id);
            return null;
        });
        removal.wake();
    }

    @Override
    public int deleteOlderThan(Instant time, int atMost) {
        return removal.deleteOlderThan(time, atMost);
    }

    @Override
    public Parameters mergeParameters(String userId, String id, ObjectNode data) {
        return runs.mergeParameters(userId, id, data);
    }

    @Override
    public Optional<Parameters> parameters(String id) {
        return runs.parameters(id);
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
        return runs.appendToTrack(userId, id, name, description, tags, metadata, points);
    }

    @Override
    public Page<JsonNode> points(String id, String track, long start, int limit) {
        return runs.points(id, track, start, limit);
    }

    @Override
    public Optional<Track> track(String id, String name) {
        return runs.track(id, name);
    }

    @Override
    public List<Track> tracks(String id) {
        return runs.tracks(id);
    }

    @Override
    public StoredFile addFile(String userId, String id, StoredFile described, InputStream bytes, long limit)
            throws IOException {
        return files.add(userId, id, described, bytes, limit);
    }

    @Override
    public List<StoredFile> files(String id) {
        return files.files(id);
    }

    @Override
    public StoredFile file(String id, String fileId) {
        return files.file(id, fileId);
    }

    @Override
    public void readFile(String id, String fileId, OutputStream to) throws IOException {
        files.write(id, fileId, to);
    }

    @Override
    public StoredFile changeFile(
            String userId, String id, String fileId, String description, List<String> tags, ObjectNode metadata) {
        return files.change(userId, id, fileId, description, tags, metadata);
    }

    @Override
    public void deleteFile(String userId, String id, String fileId) {
        files.delete(userId, id, fileId);
    }

    /** For tests of a full disk: limits the file to this many pages. */
    void limitPages(long pages) {
        writer.write(sql -> sql.number("PRAGMA max_page_count = " + pages));
    }

    /** For tests: occupies a connection for long reads. */
    <T> T scan(Callable<T> work) {
        return scans.read(sql -> {
            try {
                return work.call();
            } catch (Exception failure) {
                throw new IllegalStateException(failure);
            }
        });
    }

    /** Waits for current work. */
    @Override
    public void close() {
        removal.close();
        looks.close();
        scans.close();
        writer.close();
        file.close();
    }
}
