package ai.dreamlake.server;

import de.bwaldvogel.mongo.backend.h2.H2Backend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import java.nio.file.Path;
import java.util.Set;
import org.h2.mvstore.MVStore;

/**
 * The embedded store, in one file. H2 by itself writes what it has each second, in the middle of a command, too; here each
 * command that changes something is in the file, whole, before it is answered. So a killed server loses nothing that it
 * acknowledged.
 *
 * <p>One command at a time, and answered with a copy: the answer is written to its socket later, when the documents in it
 * may have been changed by the next command.
 */
final class DurableBackend extends H2Backend {

    private static final Set<String> WRITES = Set.of("insert", "update", "delete", "findAndModify", "createIndexes");

    /** @throws org.h2.mvstore.MVStoreException if the file is in use, or is none of ours */
    DurableBackend(Path file) {
        super(new MVStore.Builder().fileName(file.toString()).autoCommitDisabled().open());
    }

    @Override
    public synchronized Document handleMessage(MongoMessage message) {
        String command = message.getDocument().keySet().iterator().next();
        try {
            return super.handleMessage(message).cloneDeeply();
        } finally {
            if (WRITES.contains(command)) {
                commit();
            }
        }
    }
}
