package ai.dreamlake.server.http;

import ai.dreamlake.server.store.LogStore;
import ai.dreamlake.server.store.RecordQuery;
import ai.dreamlake.server.store.StoreException;
import ai.dreamlake.server.store.StoredRecord;
import jakarta.servlet.ServletOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs as they grow: server-sent events, one for each record, in the order of their numbers.
 *
 * <p>The expensive work is done once for each session, however many clients follow it: checking for new records,
 * reading them, and turning them into text. Records that arrive through this server are sent at once. For records that
 * arrive through other servers, the store is polled: each session every {@value #LOOK_MILLIS} ms, or less often while
 * more than {@value #LOOKS} sessions are followed. A few threads serve all clients.
 */
final class LogStreams implements AutoCloseable {

    /** A client that is behind gets the missing records in pieces of this size. */
    private static final int AT_A_TIME = 1000;

    private static final int LOOK_MILLIS = 300;

    /** Maximum number of sessions in each poll. */
    private static final int LOOKS = 50;

    private static final int THREADS = 4;
    private static final long MAX_STOP_SECONDS = 5;

    /** After this long without records a stream sends a comment, to find out whether the client is still there. */
    private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(15);

    private static final byte[] STILL_HERE = ": still here\n\n".getBytes(StandardCharsets.UTF_8);
    private static final int AGAIN_SECONDS = 5;
    private static final Logger LOG = LoggerFactory.getLogger(LogStreams.class);

    private final LogStore store;
    private final int most;
    private final ExecutorService workers = Executors.newFixedThreadPool(THREADS, daemons("log-streams"));
    private final ScheduledExecutorService clock =
            Executors.newSingleThreadScheduledExecutor(daemons("log-streams-clock"));

    /** All guarded by this. */
    private final Map<String, Follower> followers = new HashMap<>();

    private final Queue<Follower> turns = new ArrayDeque<>();
    private int count;
    private boolean isClosed;

    /** @param most maximum number of streams at a time */
    LogStreams(LogStore store, int most) {
        this.store = store;
        this.most = most;
        clock.scheduleWithFixedDelay(this::lookAtSomeWhateverHappens, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }

    private static ThreadFactory daemons(String name) {
        return work -> {
            Thread thread = new Thread(work, name);
            thread.setDaemon(true);
            return thread;
        };
    }

    /** The number of streams. */
    synchronized int count() {
        return count;
    }

    /**
     * Reserves a place for one more stream. The caller must then open a stream or give the place back.
     *
     * @throws ApiException 503 if there are too many
     */
    synchronized void take() {
        if (count >= most || isClosed) {
            throw ApiException.comeAgain(503, "there are too many streams", AGAIN_SECONDS);
        }
        count++;
    }

    synchronized void giveBack() {
        count--;
    }

    /** Streams all records of a session from a number on, until the client disconnects or the session is deleted. */
    synchronized EventStream open(ServletOutputStream out, User user, String session, long from) {
        Follower follower = followers.computeIfAbsent(session, id -> new Follower(id, user.id()));
        Client client = new Client(follower, out, from);
        if (follower.clients.isEmpty()) {
            turns.add(follower);
        }
        follower.clients.add(client);
        if (isClosed) {
            client.stream.close();
        }
        return client.stream;
    }

    /** Records have been appended: sends them at once. */
    void appended(String session) {
        Follower follower;
        synchronized (this) {
            follower = followers.get(session);
        }
        if (follower != null) {
            follower.wake();
        }
    }

    /** An exception from a scheduled task would end the schedule for good. */
    private void lookAtSomeWhateverHappens() {
        try {
            lookAtSome();
        } catch (RuntimeException | Error failure) {
            LOG.error("Cannot look for new records", failure);
        }
    }

    private void lookAtSome() {
        List<Follower> some = new ArrayList<>();
        synchronized (this) {
            int looks = Math.min(LOOKS, turns.size());
            for (int i = 0; i < looks; i++) {
                Follower next = turns.remove();
                if (next.clients.isEmpty()) {
                    followers.remove(next.session);
                } else {
                    some.add(next);
                    turns.add(next);
                }
            }
        }
        some.forEach(Follower::wake);
    }

    /** The receiver of a stream. */
    private final class Client {

        private final EventStream stream;

        /** The number of the record that it gets next. Only its follower reads and changes it. */
        private long next;

        private long saidAt = System.nanoTime();

        Client(Follower follower, ServletOutputStream out, long from) {
            this.stream = new EventStream(out, follower::wake);
            this.next = from;
        }

        void send(byte[] piece) {
            saidAt = System.nanoTime();
            stream.send(piece);
        }
    }

    /** Reads one session for all of its clients. Runs on one thread at a time. */
    private final class Follower implements Runnable {

        private final String session;
        private final String userId;

        /** Guarded by the outer object. */
        private final List<Client> clients = new ArrayList<>();

        /** Guarded by this: whether it runs or is about to run, and whether it must run once more. */
        private boolean isAwake;

        private boolean isWanted;

        private long end;

        Follower(String session, String userId) {
            this.session = session;
            this.userId = userId;
        }

        synchronized void wake() {
            isWanted = true;
            if (!isAwake) {
                isAwake = true;
                start();
            }
        }

        private void start() {
            try {
                workers.execute(this);
            } catch (RejectedExecutionException closed) {
                isAwake = false;
            } catch (Error failure) { // no thread can be created
                isAwake = false;
                throw failure;
            }
        }

        @Override
        public void run() {
            synchronized (this) {
                isWanted = false;
            }
            try {
                serve(ready());
            } catch (StoreException gone) {
                boolean isAway = gone.reason() == StoreException.Reason.UNAVAILABLE
                        || gone.reason() == StoreException.Reason.TOO_SLOW;
                if (!isAway) {
                    all().forEach(client -> client.stream.close());
                }
            } catch (RuntimeException | Error failure) { // also OutOfMemoryError: it may pass
                all().forEach(client -> client.stream.close()); // they reconnect with the last number they saw
                LOG.error("Cannot follow a session", failure);
            } finally {
                goOn();
            }
        }

        private synchronized void goOn() {
            isAwake = false;
            if (isWanted) {
                isAwake = true;
                start(); // after the others
            }
        }

        private List<Client> all() {
            synchronized (LogStreams.this) {
                return List.copyOf(clients);
            }
        }

        /** The clients that can take something. Forgets those that are gone. */
        private List<Client> ready() {
            synchronized (LogStreams.this) {
                int before = clients.size();
                clients.removeIf(client -> client.stream.isClosed());
                count -= before - clients.size();
                return clients.stream()
                        .filter(client -> client.stream.isReady())
                        .toList();
            }
        }

        private void serve(List<Client> ready) {
            long newEnd = store.end(session);
            if (newEnd < end || newEnd == 0) {
                store.session(userId, session); // is it still there?
            }
            end = newEnd;
            Map<Long, List<Client>> behind = new TreeMap<>();
            for (Client client : ready) {
                if (client.next < end) {
                    behind.computeIfAbsent(client.next, next -> new ArrayList<>())
                            .add(client);
                } else if (System.nanoTime() - client.saidAt > QUIET_NANOS) {
                    client.send(STILL_HERE);
                }
            }
            behind.forEach(this::sendFrom);
        }

        private void sendFrom(long next, List<Client> group) {
            StringBuilder events = new StringBuilder();
            long after = next;
            List<StoredRecord> records = store.records(session, RecordQuery.after(next - 1, AT_A_TIME))
                    .items();
            for (StoredRecord record : records) {
                if (record.number() >= end) {
                    break; // an earlier record may still be on its way
                }
                after = record.number() + 1;
                events.append("id: ")
                        .append(record.number())
                        .append("\nevent: record\ndata: ")
                        .append(RecordJson.of(record))
                        .append("\n\n");
            }
            if (after == next) {
                after = end; // these records were deleted
            }
            byte[] piece = events.toString().getBytes(StandardCharsets.UTF_8);
            for (Client client : group) {
                client.next = after;
                if (piece.length > 0) {
                    client.send(piece);
                }
            }
            if (after < end) {
                wake();
            }
        }
    }

    /** Ends all streams. */
    @Override
    public void close() {
        List<Follower> all;
        synchronized (this) {
            isClosed = true;
            all = List.copyOf(followers.values());
        }
        clock.shutdownNow();
        workers.shutdown();
        all.forEach(follower -> follower.all().forEach(client -> client.stream.close()));
        try {
            workers.awaitTermination(MAX_STOP_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
