package ai.dreamlake.server.http;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.component.Graceful;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * Keeps any one client from taking all connections. It closes connections of an address beyond a maximum number. It
 * also closes a connection on which a request has begun but its head has not arrived after some time. Jetty itself
 * closes connections on which nothing arrives at all.
 *
 * <p>It comes before all other handlers, and listens to the connector.
 */
final class Connections extends Handler.Wrapper implements Connection.Listener, Graceful {

    private static final long SWEEP_MILLIS = 500;
    private static final long CLOSE_MILLIS = 50;

    private final int mostPerAddress;
    private final long headMillis;
    private final Map<Connection, State> open = new ConcurrentHashMap<>();

    /** Guarded by itself. */
    private final Map<InetAddress, Integer> perAddress = new HashMap<>();

    private Scheduler scheduler;
    private volatile boolean isShutdown;

    /**
     * @param mostPerAddress how many connections one address may have
     * @param headMillis how long the head of a request may take to arrive, give or take {@value #SWEEP_MILLIS} ms
     */
    Connections(int mostPerAddress, long headMillis) {
        this.mostPerAddress = mostPerAddress;
        this.headMillis = headMillis;
    }

    /** What is known of a connection. All fields are guarded by this. */
    private static final class State {

        private final InetAddress address;
        private int requests;
        private long bytesBefore;

        /** When the first byte was seen that does not belong to a request yet; 0 for none. */
        private long headSince;

        State(InetAddress address) {
            this.address = address;
        }

        synchronized void begin() {
            requests++;
            headSince = 0;
        }

        synchronized void end(long bytes) {
            requests--;
            bytesBefore = bytes;
        }

        synchronized boolean isIdle() {
            return requests == 0;
        }

        synchronized boolean isLate(long bytes, long now, long headMillis) {
            if (requests > 0 || bytes <= bytesBefore) {
                return false;
            }
            if (headSince == 0) {
                headSince = now;
            }
            return now - headSince > TimeUnit.MILLISECONDS.toNanos(headMillis);
        }
    }

    @Override
    protected void doStart() throws Exception {
        super.doStart();
        scheduler = getServer().getScheduler();
        scheduler.schedule(this::sweep, SWEEP_MILLIS, TimeUnit.MILLISECONDS);
    }

    @Override
    public void onOpened(Connection connection) {
        InetAddress address = connection.getEndPoint().getRemoteSocketAddress() instanceof InetSocketAddress remote
                ? remote.getAddress()
                : InetAddress.getLoopbackAddress();
        int count;
        synchronized (perAddress) {
            count = perAddress.merge(address, 1, Integer::sum);
        }
        open.put(connection, new State(address));
        if (count > mostPerAddress) {
            connection.getEndPoint().close();
        }
    }

    @Override
    public void onClosed(Connection connection) {
        State state = open.remove(connection);
        if (state != null) {
            synchronized (perAddress) {
                perAddress.computeIfPresent(state.address, (address, count) -> count == 1 ? null : count - 1);
            }
        }
    }

    /** The number of open connections. */
    int count() {
        return open.size();
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) throws Exception {
        Connection connection = request.getConnectionMetaData().getConnection();
        State state = open.get(connection);
        if (state != null) {
            state.begin();
            Request.addCompletionListener(request, failure -> state.end(connection.getBytesIn()));
        }
        return super.handle(request, response, callback);
    }

    /** The server stops: closes idle connections at once, and the others after the answer to their request. */
    @Override
    public CompletableFuture<Void> shutdown() {
        isShutdown = true;
        closeIdle();
        return CompletableFuture.completedFuture(null);
    }

    private void closeIdle() {
        open.forEach((connection, state) -> {
            if (state.isIdle()) {
                connection.getEndPoint().close();
            }
        });
        if (isRunning()) {
            scheduler.schedule(this::closeIdle, CLOSE_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    @Override
    public boolean isShutdown() {
        return isShutdown;
    }

    private void sweep() {
        long now = System.nanoTime();
        open.forEach((connection, state) -> {
            if (state.isLate(connection.getBytesIn(), now, headMillis)) {
                connection.getEndPoint().close();
            }
        });
        if (isRunning()) {
            scheduler.schedule(this::sweep, SWEEP_MILLIS, TimeUnit.MILLISECONDS);
        }
    }
}
