package ai.dreamlake.server.store.sqlite;

import ai.dreamlake.server.store.Store;
import ai.dreamlake.server.store.StoreContract;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** What every store promises, and what is particular to the one in a file. */
class SqliteStoreTest extends StoreContract {

    @TempDir
    Path directory;

    @Override
    protected Store open() {
        return new SqliteStore(directory);
    }
}
