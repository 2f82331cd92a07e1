package ai.dreamlake.server.http;

import ai.dreamlake.server.store.LogStore;
import ai.dreamlake.server.store.Page;
import ai.dreamlake.server.store.RecordFilter;
import ai.dreamlake.server.store.RecordQuery;
import ai.dreamlake.server.store.StoreException;
import ai.dreamlake.server.store.StoredRecord;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/**
 * All records of a session that pass a filter, in the order of their numbers. Records that arrive after the start are
 * not included. Holds one page of records in memory.
 *
 * <p>It reads the store piece by piece. So no query takes long, however long the session is, and nobody waits for a
 * slow reader. {@link #hasNext} throws the store's exceptions, including the one for a session that was deleted
 * meanwhile.
 */
final class AllRecords implements Iterator<StoredRecord> {

    /** Records held at a time. */
    private static final int PAGE = 1000;

    /** Record numbers that one query covers. */
    private static final long PIECE = 50_000;

    private final LogStore store;
    private final String id;
    private final RecordFilter filter;

    /** One past the last number to read. */
    private final long end;

    private Iterator<StoredRecord> page = List.<StoredRecord>of().iterator();

    /** The next number to read. */
    private long next;

    /** @param end one past the last number to read, as the store reported it */
    AllRecords(LogStore store, String id, RecordFilter filter, long end) {
        this.store = store;
        this.id = id;
        this.filter = filter;
        this.end = Math.min(end, filter.before());
        // Old records may have been deleted: start at the first one that is left.
        List<StoredRecord> first = filter.after() == Long.MAX_VALUE
                ? List.of()
                : store.records(id, RecordQuery.after(filter.after(), 1)).items();
        next = first.isEmpty() ? this.end : first.get(0).number();
    }

    @Override
    public boolean hasNext() {
        while (!page.hasNext() && next < end) {
            long pieceEnd = Math.min(end, next + PIECE);
            Page<StoredRecord> found = store.records(id, RecordQuery.first(PAGE, filter.between(next - 1, pieceEnd)));
            if (store.end(id) == 0) { // it was not 0 at the start: all records are gone
                throw new StoreException(StoreException.Reason.DELETED, "the session was deleted");
            }
            List<StoredRecord> records = found.items();
            next = found.hasMore() ? records.get(records.size() - 1).number() + 1 : pieceEnd;
            page = records.iterator();
        }
        return page.hasNext();
    }

    @Override
    public StoredRecord next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        return page.next();
    }
}
