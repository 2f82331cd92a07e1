package ai.dreamlake.server.store.mongo;

import static com.mongodb.client.model.Filters.and;
import static com.mongodb.client.model.Filters.eq;
import static com.mongodb.client.model.Filters.lt;

import com.mongodb.client.model.Projections;
import com.mongodb.client.model.Sorts;
import com.mongodb.client.model.Updates;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.bson.Document;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes the contents of deleted sessions and files piece by piece, on a thread of its own. What another server leaves
 * behind, because it died or was still writing when the session was deleted, is removed in a later round.
 */
final class Removal implements AutoCloseable {

    /** No call that began before a session was deleted takes longer. */
    private static final Duration MAX_CALL = Duration.ofHours(1);

    private static final Duration MAX_STOP = Duration.ofSeconds(10);
    private static final Logger LOG = LoggerFactory.getLogger(Removal.class);

    private final Database database;
    private final Records records;
    private final Batches batches;
    private final Runs runs;
    private final Files files;
    private final Clock clock;
    private final ExecutorService thread = Executors.newSingleThreadExecutor(Removal::thread);

    Removal(Database database, Records records, Batches batches, Runs runs, Files files, Clock clock) {
        this.database = database;
        this.records = records;
        this.batches = batches;
        this.runs = runs;
        this.files = files;
        this.clock = clock;
    }

    private static Thread thread(Runnable work) {
        Thread thread = new Thread(work, "dreamlake-store-removal");
        thread.setDaemon(true);
        return thread;
    }

    /** There may be something to remove. */
    void wake() {
        thread.execute(this::removeAll);
    }

    private void removeAll() {
        try {
            Date now = Date.from(clock.instant());
            for (Document session : deletedSessions(now)) {
                while (!isStopped() && removePiece(session.getString("_id"))) {
                    // Deletes piece by piece.
                }
                if (session.getDate("deletedAt").getTime() < now.getTime() - MAX_CALL.toMillis()) {
                    forget(session);
                }
            }
            while (!isStopped() && files.deletePiece()) {
                // Deletes piece by piece.
            }
        } catch (RuntimeException failure) {
            LOG.debug("Removal will continue later", failure);
        }
    }

    private boolean isStopped() {
        return thread.isShutdown();
    }

    private List<Document> deletedSessions(Date now) {
        return database.sessions
                .find(lt("deletedAt", new Date(now.getTime() + 1)))
                .sort(Sorts.ascending("deletedAt"))
                .projection(Projections.include("deletedAt"))
                .into(new ArrayList<>());
    }

    private boolean removePiece(String id) {
        return records.deletePiece(id) || batches.deletePiece(id) || runs.deletePiece(id) || files.deletePiece(id);
    }

    private void forget(Document session) {
        if (!isStopped()) {
            database.change(() -> database.sessions.updateOne(
                    and(eq("_id", session.getString("_id")), eq("deletedAt", session.getDate("deletedAt"))),
                    Updates.unset("deletedAt")));
        }
    }

    /** Ends after the current piece. */
    @Override
    public void close() {
        thread.shutdownNow();
        try {
            if (!thread.awaitTermination(MAX_STOP.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.debug("Removal did not stop in time");
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
