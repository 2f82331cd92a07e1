package ai.dreamlake.server.store.mongo;

import static org.assertj.core.api.Assumptions.assumeThat;

import ai.dreamlake.server.store.Store;
import ai.dreamlake.server.store.StoreContract;
import java.time.Clock;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;

/** What every store promises, on FerretDB; where its URI is in {@code FERRETDB_URI}. */
class FerretStoreTest extends StoreContract {

    private static final String URI = System.getenv("FERRETDB_URI");

    private final String database = "dreamlake-" + UUID.randomUUID();

    @BeforeAll
    static void thereIsAFerretDb() {
        assumeThat(URI)
                .as("no FERRETDB_URI: the store is not tested on FerretDB")
                .isNotNull();
    }

    @Override
    protected Store open() {
        return new MongoStore(URI + database, Clock.systemUTC());
    }
}
