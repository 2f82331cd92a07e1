package ai.dreamlake.server;

import de.bwaldvogel.mongo.MongoServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;

/** A MongoDB in this process, for those who have none. It is spoken to as any other, over a socket on loopback. */
final class EmbeddedMongo implements AutoCloseable {

    private final MongoServer server;
    private final InetSocketAddress address;

    /** @throws IOException if the directory cannot be made */
    EmbeddedMongo(Path directory) throws IOException {
        Files.createDirectories(directory);
        server = new MongoServer(new DurableBackend(directory.resolve("store.mv")));
        address = server.bind();
    }

    String uri() {
        return "mongodb://" + address.getHostString() + ":" + address.getPort() + "/dreamlake";
    }

    @Override
    public void close() {
        server.shutdownNow();
    }
}
