package ai.dreamlake.server.store;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;

/**
 * Sessions and their records. What a call has returned from is stored: it survives the death of this process, and of
 * the machine as far as the database's disk does.
 *
 * <p>In each session, records have the numbers 0, 1, 2 … in the order in which their batches were taken. Each user has
 * sessions of their own; calls that change something check that, and calls that read want it checked by
 * {@link #session} before.
 *
 * <p>Thread-safe. All calls throw {@link StoreException}.
 */
public interface LogStore extends AutoCloseable {

    /** Of so many numbers in metadata the newest value is kept for each session. */
    int MOST_METRICS = 100;

    /** Nothing that reads takes longer: then it is {@link StoreException.Reason#TOO_SLOW}. */
    Duration LONGEST_READ = Duration.ofSeconds(20);

    /** Returns if the database answers. */
    void ping();

    /**
     * A session as it is after a call.
     *
     * @param isNew whether the call made it
     */
    record Upserted(Session session, boolean isNew) {}

    /** Makes a session known, or changes what is given of its description. The same name in a workspace is the same. */
    Upserted upsert(String userId, String workspace, Description given);

    /** @throws StoreException UNKNOWN if the user has no such session, DELETED */
    Session session(String userId, String id);

    /**
     * Those of a user, the one with the newest record first, those without any last; at most a thousand. Where there is
     * much metadata, that of some is left out, and null: see {@link ListedMetadata}. {@link #session} has it.
     */
    List<Session> sessions(String userId);

    /**
     * Stores a batch; once, however often it comes under its key, also after it was cut off in the middle.
     *
     * @param key null if the client has none: then each call is a batch of its own
     * @return the numbers of the batch's records, the same ones each time
     * @throws StoreException KEY_REUSED, UNKNOWN, DELETED, PROTECTED
     */
    Numbers append(String userId, String id, String key, List<NewRecord> batch);

    /** One past the last record that can be read with all before it: what a follower may wait for. 0 if unknown. */
    long end(String id);

    /** The records that fit. */
    Page<StoredRecord> records(String id, RecordQuery query);

    /**
     * Counts the records that fit, over the time that the filter gives; where it gives no limit, from the time of the
     * earliest record that is stored, or to that of the latest one.
     *
     * @param buckets how many spans of time there are at most, from 1 on; fewer only where they would be shorter than
     *     some microseconds. None if there is no record at all, or none in that time could be.
     */
    Histogram histogram(String id, RecordFilter filter, int buckets);

    /** Gives each record's value that has one, in the order of their numbers. */
    void series(String id, SeriesQuery query, Consumer<SeriesPoint> each);

    /** Deletes a session with all it has. Its id is known for ever as that of a deleted one; its name is free. */
    void delete(String userId, String id);

    /**
     * Deletes the oldest of what is older: records by the time when they were stored, and keys of batches. A session's
     * numbers go on.
     *
     * @param atMost how many records, so that others get their turn
     * @return how many records were deleted; less than {@code atMost} if no more are that old
     */
    int deleteOlderThan(Instant time, int atMost);

    @Override
    void close();
}
