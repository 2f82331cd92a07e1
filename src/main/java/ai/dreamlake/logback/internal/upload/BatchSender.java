package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.io.LenientJson;
import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.internal.upload.DreamlakeServer.NoResponseException;
import ai.dreamlake.logback.internal.upload.Result.Delivered;
import ai.dreamlake.logback.internal.upload.Result.Parked;
import ai.dreamlake.logback.internal.upload.Result.Rejected;
import ai.dreamlake.logback.internal.upload.Result.RetryAfter;
import ai.dreamlake.logback.internal.upload.Result.SessionGone;
import ai.dreamlake.logback.internal.upload.Result.Until;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * Sends the batches of one session. If the server may already have a batch, asks for it before sending the batch again.
 * Used by one thread at a time.
 */
final class BatchSender {

    /**
     * After this many failed queries in a row, a batch is sent without an answer: a server may accept records, but be
     * unable to list them.
     */
    private static final int MAX_FAILED_QUERIES = 5;

    /** Saves what must be on disk before a batch is sent for the first time. */
    interface BeforeSending {
        void run() throws IOException;
    }

    private final SessionName name;
    private final RemoteSession remoteSession;
    private final DreamlakeServer server;
    private final ServerHealth health;

    /**
     * The key of a batch that the server certainly does not have, because it refused or never received it; empty if
     * there is none.
     */
    private String undeliveredKey = "";

    /** How many times in a row the server failed to say whether it has a batch. */
    private int failedQueries;

    BatchSender(SessionName name, RemoteSession remoteSession, DreamlakeServer server, ServerHealth health) {
        this.name = name;
        this.remoteSession = remoteSession;
        this.server = server;
        this.health = health;
    }

    /**
     * Sends a batch.
     *
     * @param isDoubtful whether it was about to be sent earlier, so the server may have it
     * @param serverEnd the last number that the server is known to have assigned, or -1
     * @param beforeSending called before the batch is sent, unless it is doubtful
     * @param whileWaiting called once the batch is sent, before waiting for the answer
     */
    Result send(Batch batch, boolean isDoubtful, long serverEnd, BeforeSending beforeSending, Runnable whileWaiting)
            throws IOException {
        if (batch.unsendable() != null) {
            return new Rejected(0, batch.unsendable().reason);
        }
        Result obstacle = register();
        if (obstacle != null) {
            return obstacle;
        }
        String key = batch.key(name.toString());
        boolean mayBeThere = isDoubtful && !key.equals(undeliveredKey);
        if (mayBeThere) {
            Result found = findOnServer(batch, serverEnd);
            if (found != null) {
                return found;
            }
        }
        if (!isDoubtful) {
            beforeSending.run();
        }
        undeliveredKey = "";
        ServerResponse answer;
        try {
            answer = answered(server.send(remoteSession.requireId(), batch.body(), key, whileWaiting));
        } catch (NoResponseException failure) {
            if (!failure.leavesDoubt && !mayBeThere) {
                undeliveredKey = key;
            }
            return noAnswer(failure);
        }
        if (!answer.isSuccess() && !answer.leavesDoubt() && !mayBeThere) {
            undeliveredKey = key;
        }
        return judge(answer, batch.records());
    }

    private Result judge(ServerResponse answer, int records) {
        Result result = AnswerPolicy.judge(answer, records);
        if (answer.isRefusalOfCompression()) {
            server.stopCompressing();
        }
        if (result instanceof SessionGone) {
            remoteSession.forget();
        }
        if (result instanceof Delivered) {
            health.accepted();
        }
        if (result instanceof Rejected && !health.refused()) {
            return new Parked(
                    "HTTP " + answer.status() + " for one record after another, and none accepted", Until.LATER);
        }
        return result;
    }

    private ServerResponse answered(ServerResponse answer) {
        if (answer.status() != 401) {
            health.answered();
        }
        return answer;
    }

    private RetryAfter noAnswer(NoResponseException failure) {
        boolean isReached = failure.leavesDoubt || server.isClosed();
        return new RetryAfter(failure.reason(), isReached ? Duration.ZERO : health.unreachable());
    }

    /** Makes sure that the server has the session. Returns null if it has; otherwise why not. */
    private @Nullable Result register() throws IOException {
        ServerResponse answer;
        try {
            answer = remoteSession.renew();
        } catch (NoResponseException failure) {
            return noAnswer(failure);
        }
        if (answer == null) {
            return null;
        }
        answered(answer);
        if (answer.isSuccess()) {
            return new RetryAfter("a response without the session's id", Duration.ZERO);
        }
        Result result = judge(answer, Integer.MAX_VALUE);
        // No record was sent, so none is to blame. A session that is only about to be created cannot be gone.
        return result instanceof Parked || result instanceof RetryAfter
                ? result
                : new RetryAfter("HTTP " + answer.status(), answer.retryAfter());
    }

    /**
     * Asks the server whether it has a batch whose outcome is unknown. Returns null if it does not, or cannot say: then
     * the batch is sent again, under the same key.
     */
    private @Nullable Result findOnServer(Batch batch, long serverEnd) {
        NewestRecords newest = new NewestRecords(batch, serverEnd);
        while (newest.wantsMore()) {
            ServerResponse answer;
            try {
                answer = answered(server.newest(remoteSession.requireId(), newest.limit(), newest.offset()));
            } catch (NoResponseException failure) {
                return shouldKeepAsking() ? noAnswer(failure) : null;
            }
            boolean isBusy = answer.isRetryable() && answer.status() != 500 && answer.status() != 501;
            if (isBusy && shouldKeepAsking()) {
                return new RetryAfter("HTTP " + answer.status(), answer.retryAfter());
            }
            failedQueries = 0;
            if (!answer.isSuccess() || !newest.add(answer.body())) {
                return null;
            }
        }
        return newest.haveBatch() ? new Delivered(newest.lastNumber()) : null;
    }

    private boolean shouldKeepAsking() {
        failedQueries = (failedQueries + 1) % MAX_FAILED_QUERIES;
        return failedQueries != 0;
    }

    /** Reports to the server how many records it will never get. */
    Result sendLoss(Checkpoint checkpoint) throws IOException {
        Result obstacle = register();
        if (obstacle != null) {
            return obstacle;
        }
        ObjectNode record = LenientJson.TREES.createObjectNode();
        record.put("timestamp", checkpoint.lostAt());
        record.put("level", "warn");
        record.put(
                "message", checkpoint.lost() + " records were dropped before they could be sent: the spool was full");
        record.putObject("metadata").put("dreamlake_dropped", checkpoint.lost());
        byte[] body = ("{\"logs\": [" + record + "]}").getBytes(StandardCharsets.UTF_8);
        String key = UUID.nameUUIDFromBytes(
                        (name + checkpoint.lostAt() + checkpoint.lost()).getBytes(StandardCharsets.UTF_8))
                .toString();
        try {
            return judge(answered(server.send(remoteSession.requireId(), body, key, () -> {})), 1);
        } catch (NoResponseException failure) {
            return noAnswer(failure);
        }
    }
}
