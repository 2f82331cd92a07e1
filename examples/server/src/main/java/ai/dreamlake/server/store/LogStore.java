package ai.dreamlake.server.store;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;

/**
 * Sessions and their records. When a call returns, its changes are stored: they survive a crash of this process, and of
 * the machine as far as the database's disk does.
 *
 * <p>In each session, records have the numbers 0, 1, 2 … in the order in which their batches were accepted. Each user
 * has their own sessions. Calls that change something check the user; before calls that read, {@link #session} must
 * have checked it.
 *
 * <p>Thread-safe. All calls throw {@link StoreException}.
 */
public interface LogStore extends AutoCloseable {

    /** For each session, the newest value is kept for at most this many numbers in metadata. */
    int MAX_METRICS = 100;

    /** Maximum duration of a read; beyond it, it fails with {@link StoreException.Reason#TOO_SLOW}. */
    Duration MAX_READ = Duration.ofSeconds(20);

    /** Returns if the database answers. */
    void ping();

    /**
     * A session as it is after a call.
     *
     * @param isNew whether the call created it
     */
    record Upserted(Session session, boolean isNew) {}

    /**
     * Creates a session, or changes the given parts of its description. A name identifies a session within its
     * workspace.
     */
    Upserted upsert(String userId, String workspace, Description given);

    /** @throws StoreException UNKNOWN if the user has no such session, DELETED */
    Session session(String userId, String id);

    /**
     * At most a thousand sessions of a user. The one with the newest record is first; those without records are last.
     * If there is much metadata in all, some of it is left out and null: see {@link ListedMetadata}. {@link #session}
     * has it.
     */
    List<Session> sessions(String userId);

    /**
     * Stores a batch. A batch is stored only once, however often it is sent under its key, even if an earlier attempt
     * was cut off midway.
     *
     * @param key null if the client gives none: then each call is a separate batch
     * @return the numbers of the batch's records, the same ones each time
     * @throws StoreException KEY_REUSED, UNKNOWN, DELETED, PROTECTED
     */
    Numbers append(String userId, String id, String key, List<NewRecord> batch);

    /**
     * One past the last record that can be read together with all records before it. Followers wait for it. 0 if the
     * session is unknown.
     */
    long end(String id);

    /** The records that match. */
    Page<StoredRecord> records(String id, RecordQuery query);

    /**
     * Counts the records that match, over the filter's time range. Without a lower limit, the range starts at the
     * earliest stored record; without an upper limit, it ends at the latest one.
     *
     * @param buckets number of time spans, at least 1. There are fewer only if they would be shorter than a few
     *     microseconds, and none if there are no records at all or the range cannot contain any
     */
    Histogram histogram(String id, RecordFilter filter, int buckets);

    /** Passes on the value of each record that has one, in the order of their numbers. */
    void series(String id, SeriesQuery query, Consumer<SeriesPoint> each);

    /**
     * Deletes a session with everything in it. Its id stays known forever as that of a deleted session; its name is
     * free.
     */
    void delete(String userId, String id);

    /**
     * Deletes old records, the oldest first, by the time when they were stored. Also deletes old batch keys. A
     * session's numbers continue.
     *
     * @param atMost maximum number of records, so that other calls are served as well
     * @return how many records were deleted; less than {@code atMost} if no more are that old
     */
    int deleteOlderThan(Instant time, int atMost);

    @Override
    void close();
}
