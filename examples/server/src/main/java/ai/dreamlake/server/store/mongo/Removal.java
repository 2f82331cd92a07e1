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
 * Removes what deleted sessions and files had, in pieces, on a thread of its own. What a server that died has left, or
 * one that was writing when the session was deleted, is removed the next time.
 */
final class Removal implements AutoCloseable {

    /** No call that began before a session was deleted takes longer. */
    private static final Duration LONGEST_CALL = Duration.ofHours(1);

    private static final Duration LONGEST_STOP = Duration.ofSeconds(10);
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

    /** There is something to remove, or may be. */
    void wake() {
        thread.execute(this::removeAll);
    }

    private void removeAll() {
        try {
            Date now = Date.from(clock.instant());
            for (Document session : deletedSessions(now)) {
                while (!isStopped() && removePiece(session.getString("_id"))) {
                    // One piece after the other.
                }
                if (session.getDate("deletedAt").getTime() < now.getTime() - LONGEST_CALL.toMillis()) {
                    forget(session);
                }
            }
            while (!isStopped() && files.deletePiece()) {
                // One piece after the other.
            }
        } catch (RuntimeException failure) {
            LOG.debug("Removing goes on later", failure);
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
            if (!thread.awaitTermination(LONGEST_STOP.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.debug("Removing is in the middle of something");
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
