package ai.dreamlake.server.store.mongo;

import static org.assertj.core.api.Assumptions.assumeThat;

import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;

/** The store in FerretDB 1, if one is running: {@code FERRETDB_URI} is its URI, without a database name. */
class FerretStoreTest extends MongoContract {

    private final String database = "dreamlake-" + UUID.randomUUID();

    @BeforeAll
    static void thereIsAFerretDb() {
        assumeThat(System.getenv("FERRETDB_URI"))
                .as("without FERRETDB_URI the store is not tested on FerretDB")
                .isNotBlank();
    }

    @Override
    String uri() {
        return System.getenv("FERRETDB_URI") + database;
    }
}
