package ai.dreamlake.server.store.mongo;

import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import de.bwaldvogel.mongo.bson.Document;
import de.bwaldvogel.mongo.wire.message.MongoMessage;
import java.util.List;
import java.util.function.Predicate;

/** A MongoDB in this process, in memory, on a port that the system chooses. Its commands can be made to fail. */
public final class TestMongo implements AutoCloseable {

    private final MongoServer server = new MongoServer(new Backend());
    private final String uri = "mongodb://localhost:" + server.bind().getPort() + "/dreamlake";

    private volatile Predicate<Document> fails = command -> false;
    private volatile Document failure;

    private boolean isClosed;
    private volatile Predicate<Document> awaited = command -> false;
    private volatile List<Document> intrusion;

    public String uri() {
        return uri;
    }

    /** From now on these commands fail before they change anything. */
    void fail(Predicate<Document> commands, int code, String name) {
        failure = new Document("ok", 0.0)
                .append("code", code)
                .append("codeName", name)
                .append("errmsg", name);
        fails = commands;
    }

    /** Runs other commands before the first of these, as if another client had sent them at that moment. */
    void intrude(Predicate<Document> commands, Document... others) {
        intrusion = List.of(others);
        awaited = commands;
    }

    void work() {
        fails = command -> false;
    }

    /** A second call does nothing: the server would wait for threads that have ended. */
    @Override
    public void close() {
        if (!isClosed) {
            isClosed = true;
            server.shutdownNow();
        }
    }

    /**
     * Runs one command at a time, and answers with a copy. The answer is written to its socket later, when the next
     * command may already have changed the documents in it.
     */
    private final class Backend extends MemoryBackend {

        @Override
        public synchronized Document handleMessage(MongoMessage message) {
            if (fails.test(message.getDocument())) {
                return failure.clone();
            }
            if (awaited.test(message.getDocument())) {
                awaited = command -> false;
                for (Document other : intrusion) {
                    handleCommand(message.getChannel(), message.getDatabaseName(), first(other), other);
                }
            }
            return super.handleMessage(message).cloneDeeply();
        }

        private static String first(Document command) {
            return command.keySet().iterator().next();
        }
    }
}
