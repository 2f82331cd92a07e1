package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.journal.Journal;
import ai.dreamlake.logback.internal.session.Retention;
import ai.dreamlake.logback.internal.session.SessionName;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import okhttp3.HttpUrl;
import org.jspecify.annotations.Nullable;

/**
 * Delivers sessions for a caller that waits, such as the command line. It takes the same steps as an appender's
 * {@link Uploads}, under the same locks and with the same checkpoints, but on the threads of its callers. And it ends:
 * when a session is delivered, when the server refuses, or when nothing has been delivered for a configured time.
 *
 * <p>If another process sends the same session, both send it in turns: the upload lock decides before each step, and
 * the checkpoint shows each process what the other has sent. If another process only writes, everything that it has
 * written by the last step is delivered. Thread-safe.
 */
public final class Delivery implements Closeable {

    /** The longest sleep, so that a reason to stop is noticed in time. */
    private static final long MAX_SLEEP_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    private static final String UNREACHABLE = "the server cannot be reached";

    private static final Books NO_BOOKS = new Books() {
        @Override
        public void delivered(long records) {}

        @Override
        public void rejected(long records) {}

        @Override
        public void lost(long records) {}
    };

    /**
     * The outcome for one session.
     *
     * @param delivered how many records were delivered
     * @param rejected how many the server refused for good; they are set aside
     * @param left how many bytes of logs the server does not have
     * @param reason why it does not have them; null if nothing is left that could be sent
     */
    public record Outcome(
            long delivered,
            long rejected,
            long left,
            @Nullable String reason) {}

    private final Retention retention;
    private final DreamlakeClient client;
    private final ServerHealth health;
    private final UploadSettings settings;
    private final UploadListener listener;
    private final long patienceNanos;

    /** When anything was last delivered, in any session. */
    private volatile long progressAt = System.nanoTime();

    /** Why no session can be delivered; null if there is no such reason. */
    private volatile @Nullable String hopeless;

    /**
     * @param retention whether logs stay once they are delivered
     * @param patience how long to continue while nothing is delivered
     * @param listener also notified of what happens
     */
    public Delivery(
            HttpUrl remote,
            TokenSource token,
            UploadSettings settings,
            Retention retention,
            Duration patience,
            UploadListener listener,
            String userAgent) {
        this.retention = retention;
        this.client = new DreamlakeClient(remote, token, settings, userAgent);
        this.health = new ServerHealth(System::nanoTime, new SplittableRandom(), () -> {});
        this.settings = settings;
        this.listener = listener;
        this.patienceNanos = patience.toNanos();
    }

    /**
     * Delivers a session, whether or not it was meant for a server when it was written. It is marked before its first
     * record is sent, so that nothing is sent twice later. The calling thread waits.
     *
     * @param progress receives how many more bytes are done; negative if others have written more meanwhile
     * @throws IOException if its files cannot be read, or if it cannot be marked
     */
    public Outcome deliver(SessionName name, Journal journal, LongConsumer progress) throws IOException {
        Events events = new Events(listener);
        SessionUpload upload = new SessionUpload(
                name,
                journal,
                new PendingRecords(NO_BOOKS),
                new UploadContext(retention, client, health, settings, NO_BOOKS, events));
        long left = upload.pendingBytes();
        String known = hopeless;
        if (known != null) {
            return new Outcome(0, 0, left, known);
        }
        upload.markLate();
        String reason = null;
        while (reason == null) {
            events.reason = null;
            long wait = upload.step(false);
            long now = upload.pendingBytes();
            progress.accept(left - now);
            if (now < left) {
                progressAt = System.nanoTime();
            }
            left = now;
            reason = events.refusal;
            if (wait == SessionUpload.NEVER) {
                break;
            }
            if (reason == null && wait > 0) {
                reason = pause(wait, events);
            }
        }
        if (events.isHopeless) {
            hopeless = reason;
        }
        return new Outcome(events.delivered, events.rejected, left, reason);
    }

    /** Waits as long as the last step asked for. Returns null to continue; otherwise why not. */
    private @Nullable String pause(long wait, Events events) {
        long end = System.nanoTime() + wait;
        for (long left = wait; left > 0; left = end - System.nanoTime()) {
            if (hopeless != null) {
                return hopeless;
            }
            if (System.nanoTime() - progressAt > patienceNanos) {
                return events.reason != null
                        ? events.reason
                        : health.isAway() ? UNREACHABLE : "another process is sending this session";
            }
            try {
                TimeUnit.NANOSECONDS.sleep(Math.min(left, MAX_SLEEP_NANOS));
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
                return "the thread was interrupted";
            }
        }
        return null;
    }

    /** Cancels calls that are under way. */
    @Override
    public void close() {
        client.close();
    }

    /** Collects what happens to one session. Used by the thread that delivers it. */
    private static final class Events implements UploadListener {
        private final UploadListener next;
        private long delivered;
        private long rejected;

        /** Why the last step did not deliver. */
        private @Nullable String reason;

        /** Why there will be no further attempt. */
        private @Nullable String refusal;

        /** Whether that applies to all sessions. */
        private boolean isHopeless;

        Events(UploadListener next) {
            this.next = next;
        }

        @Override
        public void delivered(SessionName session, long records) {
            delivered += records;
            next.delivered(session, records);
        }

        @Override
        public void rejected(SessionName session, long records, String why) {
            rejected += records;
            next.rejected(session, records, why);
        }

        @Override
        public void retried(SessionName session, String why, Duration wait) {
            reason = why;
            next.retried(session, why, wait);
        }

        @Override
        public void hindered(SessionName session, IOException trouble, Duration wait, boolean isFirst) {
            reason = trouble.toString();
            next.hindered(session, trouble, wait, isFirst);
        }

        @Override
        public void parked(SessionName session, String why, String remedy) {
            refusal = why;
            isHopeless = remedy.equals(Result.Until.NEW_TOKEN.remedy);
            next.parked(session, why, remedy);
        }

        @Override
        public void dropped(SessionName session, long records) {
            next.dropped(session, records);
        }

        @Override
        public void lost(SessionName session, long records) {
            next.lost(session, records);
        }

        @Override
        public void withoutLocks(IOException why) {
            next.withoutLocks(why);
        }

        @Override
        public void trouble(String text) {
            next.trouble(text);
        }
    }
}
