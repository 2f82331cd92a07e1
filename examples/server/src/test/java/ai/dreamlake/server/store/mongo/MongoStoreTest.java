package ai.dreamlake.server.store.mongo;

import ai.dreamlake.server.store.Store;
import ai.dreamlake.server.store.StoreContract;
import java.time.Clock;
import org.junit.jupiter.api.AfterEach;

/** What every store promises, and what is particular to the one in MongoDB. */
class MongoStoreTest extends StoreContract {

    private final TestMongo mongo = new TestMongo();

    @Override
    protected Store open() {
        return new MongoStore(mongo.uri(), Clock.systemUTC());
    }

    @AfterEach
    void stopTheDatabase() {
        mongo.close();
    }
}
