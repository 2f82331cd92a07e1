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
 * The connection, the collections and their indexes, and what a fault of the database means.
 *
 * <p>What is written counts when most of the machines have it in their journals, and what is read is what counts;
 * unless the URI says otherwise.
 */
final class Database implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Database.class);
    private static final String DEFAULT_NAME = "dreamlake";

    /** A database that does not answer in this time is away. */
    private static final Duration SELECTION_TIMEOUT = Duration.ofSeconds(10);

    /** Longer than the longest read. */
    private static final Duration READ_TIMEOUT = LogStore.LONGEST_READ.plusSeconds(10);

    /** BSONObjectTooLarge, and the two of an update that makes a document too large. */
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

    /** Null where documents change atomically. */
    private final ReentrantLock oneChangeAtATime;

    /**
     * Connects, and makes collections and indexes.
     *
     * @throws IllegalArgumentException if the URI makes no sense
     * @throws MongoException if the database is away
     */
    Database(String uri) {
        ConnectionString address = new ConnectionString(uri);
        String name = address.getDatabase() == null ? DEFAULT_NAME : address.getDatabase();
        boolean isFerretOne;
        // The indexes of a large database take their time.
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
     * Every index of a collection that may be sharded begins with its shard key, or is not unique. Those for sorting
     * begin with what is asked for as equal, for the sort names all their fields: some databases want that.
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
     * FerretDB 1 has no Decimal128, and no arrays within arrays. It reads a document, changes it and writes it back,
     * and lets others do so between.
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
        LOG.warn("FerretDB 1 does not change documents atomically: let no other server use this database");
        return true;
    }

    void ping() {
        database.runCommand(new Document("ping", 1));
    }

    /**
     * How to change a document and see what it has become.
     *
     * @param isMade whether it is made if there is none
     * @param fields of it that are needed
     */
    FindOneAndUpdateOptions after(boolean isMade, Bson fields) {
        FindOneAndUpdateOptions options =
                new FindOneAndUpdateOptions().upsert(isMade).returnDocument(ReturnDocument.AFTER);
        return oneChangeAtATime == null ? options.projection(fields) : options; // FerretDB 1 gives all or nothing
    }

    /** Changes one document, atomically. Every change of a document that others may change, too, has to go this way. */
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

    /** Changes one document that may have to be made: tries again if another client makes it at the same time. */
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

    /** Does something with the database, and tells its faults in the store's words: without names of machines. */
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
                Reason.TOO_SLOW, "takes longer than " + LogStore.LONGEST_READ.toSeconds() + " seconds", cause);
    }

    private static StoreException tooLarge(RuntimeException cause) {
        return new StoreException(Reason.TOO_LARGE, "larger than a document of the database may be", cause);
    }

    @Override
    public void close() {
        client.close();
    }
}
