package ai.dreamlake.server;

import io.javalin.http.sse.SseClient;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.node.ObjectNode;

/**
 * Logs as they grow: server-sent events, one for each record, in the order of their numbers. A thread for each client.
 */
final class LogStreams implements AutoCloseable {

    private static final int MOST_CLIENTS = 200;
    private static final int AT_A_TIME = 1000;
    private static final long LOOK_MILLIS = 300;

    private static final long LONGEST_END_SECONDS = 5;

    /** So often something is said, to find out whether the client is still there. */
    private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(15);

    /** A batch with lower numbers may still be on its way to the store; after so long nobody waits for it any more. */
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final Sessions sessions;
    private final Logs logs;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final ExecutorService threads =
            new ThreadPoolExecutor(0, MOST_CLIENTS, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), work -> {
                Thread thread = new Thread(work, "log-stream");
                thread.setDaemon(true);
                return thread;
            });

    LogStreams(Sessions sessions, Logs logs) {
        this.sessions = sessions;
        this.logs = logs;
    }

    /** Sends all records from a number on, until the client goes. Turns it away if there are too many. */
    void open(SseClient client, User user, String session, long from) {
        client.keepAlive();
        try {
            threads.execute(() -> {
                try {
                    follow(client, user, session, from);
                } catch (RuntimeException theStoreFails) {
                    // The client connects again, and says what it saw last.
                } finally {
                    if (!client.terminated()) {
                        client.close(); // else there is nothing left to close
                    }
                }
            });
        } catch (RejectedExecutionException full) {
            client.close();
        }
    }

    private void follow(SseClient client, User user, String session, long from) {
        long next = Math.min(from, sessions.get(user, session).getLong("nextSequenceNumber"));
        long lastSaid = System.nanoTime();
        long missingSince = lastSaid;
        while (!client.terminated()) {
            long now = System.nanoTime();
            long end = sessions.get(user, session).getLong("nextSequenceNumber");
            if (end <= next) {
                missingSince = now; // nothing is
            }
            boolean isPatient = now - missingSince < PATIENCE_NANOS;
            long before = next;
            long last = Math.min(end, next + AT_A_TIME);
            Logs.Page page = logs.withNumbers(session, new Numbers(next, (int) Math.max(0, last - next)));
            for (ObjectNode record : page.records()) {
                long number = record.get("sequenceNumber").longValue();
                if (client.terminated() || number > next && isPatient) {
                    break;
                }
                client.sendEvent("record", record.toString(), Long.toString(number));
                next = number + 1;
            }
            if (!isPatient && !page.hasMore()) {
                next = Math.max(next, last);
            }
            if (next > before) {
                lastSaid = now;
                missingSince = now;
            } else if (isClosedAfterAWhile()) {
                return;
            } else if (now - lastSaid > QUIET_NANOS) {
                client.sendComment("still here");
                lastSaid = now;
            }
        }
    }

    private boolean isClosedAfterAWhile() {
        try {
            return closed.await(LOOK_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            return true;
        }
    }

    /** Ends all streams. */
    @Override
    public void close() {
        closed.countDown();
        threads.shutdown();
        try {
            threads.awaitTermination(LONGEST_END_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
