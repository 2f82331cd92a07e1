package ai.dreamlake.server.store.mongo;

import ai.dreamlake.server.store.LogStore;
import ai.dreamlake.server.store.StoreException;
import ai.dreamlake.server.store.StoreException.Reason;
import com.mongodb.ConnectionString;
import com.mongodb.ErrorCategory;
import com.mongodb.MongoBulkWriteException;
import com.mongodb.MongoClientSettings;
import com.mongodb.MongoCommandException;
import com.mongodb.MongoException;
import com.mongodb.MongoExecutionTimeoutException;
import com.mongodb.ReadConcern;
import com.mongodb.ReadPreference;
import com.mongodb.WriteConcern;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.MongoDatabase;
import com.mongodb.client.model.FindOneAndUpdateOptions;
import com.mongodb.client.model.IndexOptions;
import com.mongodb.client.model.Indexes;
import com.mongodb.client.model.ReturnDocument;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.bson.BsonMaximumSizeExceededException;
import org.bson.Document;
import org.bson.conversions.Bson;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connection, the collections with their indexes, and the translation of database failures.
 *
 * <p>Unless the URI says otherwise, a write counts when a majority of the machines has it in their journals, and reads
 * see only such writes.
 */
final class Database implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Database.class);
    private static final String DEFAULT_NAME = "dreamlake";

    /** A database that does not answer within this time is unavailable. */
    private static final Duration SELECTION_TIMEOUT = Duration.ofSeconds(10);

    /** Longer than the longest read, so that the database's own limit ends it first. */
    private static final Duration READ_TIMEOUT = LogStore.MAX_READ.plusSeconds(10);

    /** BSONObjectTooLarge, and the two codes for an update that makes a document too large. */
    private static final Set<Integer> TOO_LARGE = Set.of(10334, 17419, 17420);

    final MongoCollection<Document> sessions;
    final MongoCollection<Document> records;
    final MongoCollection<Document> batches;
    final MongoCollection<Document> parameters;
    final MongoCollection<Document> tracks;
    final MongoCollection<Document> points;
    final MongoCollection<Document> files;
    final MongoCollection<Document> chunks;

    final Json json;

    private final MongoClient client;
    private final MongoDatabase database;

    /** Null where the database changes documents atomically. */
    private final ReentrantLock oneChangeAtATime;

    /**
     * Connects, and creates collections and indexes.
     *
     * @throws IllegalArgumentException if the URI is invalid
     * @throws MongoException if the database is unavailable
     */
    Database(String uri) {
        ConnectionString address = new ConnectionString(uri);
        String name = address.getDatabase() == null ? DEFAULT_NAME : address.getDatabase();
        boolean isFerretOne;
        // Building the indexes of a large database takes long, so there is no read timeout here.
        try (MongoClient patient = MongoClients.create(settings(address, Duration.ZERO))) {
            makeIndexes(patient.getDatabase(name));
            isFerretOne = isFerretOne(patient.getDatabase(name));
        }
        client = MongoClients.create(settings(address, READ_TIMEOUT));
        database = client.getDatabase(name);
        sessions = database.getCollection("sessions");
        records = database.getCollection("logs");
        batches = database.getCollection("batches");
        parameters = database.getCollection("parameters");
        tracks = database.getCollection("tracks");
        points = database.getCollection("points");
        files = database.getCollection("files");
        chunks = database.getCollection("chunks");
        json = new Json(!isFerretOne);
        oneChangeAtATime = isFerretOne ? new ReentrantLock() : null;
    }

    private static MongoClientSettings settings(ConnectionString address, Duration readTimeout) {
        MongoClientSettings.Builder builder = MongoClientSettings.builder()
                .applyToClusterSettings(
                        cluster -> cluster.serverSelectionTimeout(SELECTION_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS))
                .applyToSocketSettings(
                        socket -> socket.readTimeout((int) readTimeout.toMillis(), TimeUnit.MILLISECONDS))
                .applyConnectionString(address)
                .readPreference(ReadPreference.primary());
        if (address.getWriteConcern() == null) {
            builder.writeConcern(WriteConcern.MAJORITY.withJournal(true));
        }
        if (address.getReadConcern() == null) {
            builder.readConcern(ReadConcern.MAJORITY);
        }
        return builder.build();
    }

    /**
     * For collections that may be sharded, every index begins with the shard key or is not unique. Indexes for sorting
     * begin with the fields that queries compare for equality; the sort names all fields of the index, because some
     * databases require that.
     */
    private static void makeIndexes(MongoDatabase database) {
        IndexOptions unique = new IndexOptions().unique(true);
        MongoCollection<Document> sessions = database.getCollection("sessions");
        sessions.createIndex(Indexes.ascending("path"), unique);
        sessions.createIndex(Indexes.ascending("userId", "deleted", "lastLogAt"));
        sessions.createIndex(Indexes.ascending("deletedAt"));
        MongoCollection<Document> records = database.getCollection("logs");
        records.createIndex(Indexes.ascending(Records.BY_NUMBER), unique);
        records.createIndex(Indexes.ascending(Records.BY_TIME));
        records.createIndex(Indexes.ascending("sessionId", "level", "sequenceNumber"));
        records.createIndex(Indexes.ascending("createdAt"));
        MongoCollection<Document> batches = database.getCollection("batches");
        batches.createIndex(Indexes.ascending("sessionId"));
        batches.createIndex(Indexes.ascending("createdAt"));
        database.getCollection("tracks").createIndex(Indexes.ascending("sessionId", "name"), unique);
        database.getCollection("points").createIndex(Indexes.ascending("trackId", "index"), unique);
        database.getCollection("files").createIndex(Indexes.ascending(Files.IN_ORDER));
        database.getCollection("files").createIndex(Indexes.ascending("state", "updatedAt"));
        database.getCollection("chunks").createIndex(Indexes.ascending("fileId", "n"), unique);
    }

    /**
     * FerretDB 1 has no Decimal128 and no arrays within arrays. It changes a document by reading it and writing it
     * back, and other clients may change it in between.
     */
    private static boolean isFerretOne(MongoDatabase database) {
        try {
            Document build = database.runCommand(new Document("buildInfo", 1));
            if (!build.containsKey("ferretdbVersion")) {
                return false;
            }
        } catch (MongoCommandException notForUs) {
            return false; // FerretDB has no such restrictions
        }
        LOG.warn("FerretDB 1 does not change documents atomically: no other server may use this database");
        return true;
    }

    void ping() {
        database.runCommand(new Document("ping", 1));
    }

    /**
     * Options for changing a document and returning its new state.
     *
     * @param isMade whether to create it if it does not exist
     * @param fields the fields to return
     */
    FindOneAndUpdateOptions after(boolean isMade, Bson fields) {
        FindOneAndUpdateOptions options =
                new FindOneAndUpdateOptions().upsert(isMade).returnDocument(ReturnDocument.AFTER);
        return oneChangeAtATime == null ? options.projection(fields) : options; // FerretDB 1 cannot select fields here
    }

    /** Changes one document atomically. Every change of a document that others may also change must go through here. */
    <T> T change(Supplier<T> change) {
        if (oneChangeAtATime == null) {
            return change.get();
        }
        oneChangeAtATime.lock();
        try {
            return change.get();
        } finally {
            oneChangeAtATime.unlock();
        }
    }

    /** Changes or creates one document. Tries again if another client creates it at the same time. */
    <T> T upsert(Supplier<T> upsert) {
        return change(() -> {
            try {
                return upsert.get();
            } catch (MongoException failure) {
                if (isDuplicate(failure)) {
                    return upsert.get();
                }
                throw failure;
            }
        });
    }

    static boolean isDuplicate(MongoException failure) {
        if (failure instanceof MongoBulkWriteException bulk) {
            return bulk.getWriteConcernError() == null
                    && bulk.getWriteErrors().stream()
                            .allMatch(error -> error.getCategory() == ErrorCategory.DUPLICATE_KEY);
        }
        return ErrorCategory.fromErrorCode(failure.getCode()) == ErrorCategory.DUPLICATE_KEY;
    }

    /** Runs a database call, and translates failures into the store's exceptions, without names of machines. */
    static <T> T asking(Supplier<T> question) {
        try {
            return question.get();
        } catch (MongoException failure) {
            throw fault(failure);
        } catch (BsonMaximumSizeExceededException tooLarge) {
            throw tooLarge(tooLarge);
        }
    }

    static StoreException fault(MongoException failure) {
        if (failure instanceof MongoExecutionTimeoutException) {
            return tooSlow(failure);
        }
        return TOO_LARGE.contains(failure.getCode()) ? tooLarge(failure) : StoreException.unavailable(failure);
    }

    static StoreException tooSlow(MongoException cause) {
        return new StoreException(
                Reason.TOO_SLOW, "takes longer than " + LogStore.MAX_READ.toSeconds() + " seconds", cause);
    }

    private static StoreException tooLarge(RuntimeException cause) {
        return new StoreException(Reason.TOO_LARGE, "larger than the database allows for one document", cause);
    }

    @Override
    public void close() {
        client.close();
    }
}
