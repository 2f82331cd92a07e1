package ai.dreamlake.server;

import de.bwaldvogel.mongo.backend.KeyValue;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;

/**
 * The embedded store, in one file. H2 by itself writes what it has each second, in the middle of a command, too; here
 * each command that changes something is in the file, whole, before it is answered. So a killed server loses nothing
 * that it acknowledged.
 *
 * <p>One command at a time, and answered with a copy: the answer is written to its socket later, when the documents in
 * it may have been changed by the next command.
 */
final class DurableBackend extends H2Backend {

    private static final Set<String> WRITES = Set.of("insert", "update", "delete", "findAndModify", "createIndexes");

    /** By the names that the maps in the file have. */
    private static final List<String> UNIQUE_INDEXES = List.of(
            "sessions._index__id_",
            "sessions._index_path_1",
            "logs._index__id_",
            "logs._index_sessionId_1_sequenceNumber_1",
            "batches._index__id_");

    private static final long GROWTH = 32L * 1024 * 1024;

    /** So long others wait for it at most, now and then. */
    private static final int COMPACTION_MILLIS = 2000;

    /** The file's length after it was compacted last. */
    private long compacted;

    /** @throws org.h2.mvstore.MVStoreException if the file is in use, or is none of ours */
    DurableBackend(Path file) {
        super(open(file));
    }

    private static MVStore open(Path file) {
        // With a buffer, H2 commits also when that is full: in the middle of a command.
        MVStore store = new MVStore.Builder()
                .fileName(file.toString())
                .autoCommitDisabled()
                .autoCommitBufferSize(0)
                .open();
        for (String index : UNIQUE_INDEXES) {
            // Who opens a map again gets it as it is.
            store.openMap("dreamlake." + index, new MVMap.Builder<KeyValue, Object>().keyType(new IndexKeyType()));
        }
        return store;
    }

    @Override
    public synchronized Document handleMessage(MongoMessage message) {
        String command = message.getDocument().keySet().iterator().next();
        try {
            return super.handleMessage(message).cloneDeeply();
        } finally {
            if (WRITES.contains(command)) {
                commit();
                compactIfGrown();
            }
        }
    }

    /** What a commit replaces stays in the file as garbage. */
    private void compactIfGrown() {
        long size = getMvStore().getFileStore().size();
        if (size > 2 * compacted + GROWTH) {
            getMvStore().compactFile(COMPACTION_MILLIS);
            compacted = getMvStore().getFileStore().size();
        }
    }
}
