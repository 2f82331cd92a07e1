package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.io.LenientJson;
import ai.dreamlake.logback.internal.journal.Journal;
import ai.dreamlake.logback.internal.journal.Segment;
import ai.dreamlake.logback.internal.journal.SessionDirectory;
import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.internal.upload.DreamlakeClient.NoResponseException;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.node.ObjectNode;

/**
 * One session's way to the server: batch by batch, in the order of the log, one at a time.
 *
 * <p>What must survive is on disk: the log, and the {@link Checkpoint}, which says before each call what is about to be
 * sent. So another process can go on at any moment where this one ended, and sends the same bytes under the same key.
 *
 * <p>{@link #work} runs on one upload thread at a time; {@link Uploads} decides when. What threads that log call is
 * synchronized.
 */
final class SessionUpload {

    /** There is nothing to do until a record is written. */
    static final Duration NOTHING = Duration.ofDays(365);

    /** How long to leave a session to another process before looking again. */
    private static final Duration NOT_OURS = Duration.ofMillis(500);

    /** After so many batches other sessions have their turn. */
    private static final int MAX_BATCHES = 16;

    /** A server that takes records may be unable to tell which ones it has. */
    private static final int MAX_QUESTIONS = 5;

    private final SessionName name;
    private final LogSegments logs;
    private final Path checkpointFile;
    private final Path lockFile;
    private final RejectedRecords rejectedRecords;
    private final RemoteSession remoteSession;
    private final DreamlakeClient client;
    private final UploadSettings settings;
    private final UploadListener listener;

    /** How many bytes too many the spool has at this moment. */
    private final LongSupplier excess;

    private final Backoff backoff = new Backoff(ThreadLocalRandom.current());

    // Guarded by this.
    private final UnacknowledgedRecords unacknowledged = new UnacknowledgedRecords();
    private volatile boolean parked;

    // Used by the thread that works.

    /** The log that is being sent: the oldest file, or null while nothing is sent. */
    private @Nullable RandomAccessFile log;

    /** The same, if it is not the one that the work began with; then to be closed. */
    private @Nullable RandomAccessFile nextLog;

    /** How far the log is sent, if that could not be written down; else null. */
    private @Nullable Checkpoint unsaved;

    /** How many records a batch may have; less than configured if the server found that too large. */
    private int usualLimit;

    /** How many it may have at present: less while a record is searched that the server refuses. */
    private int limit;

    /** The key of a batch that was refused or never sent, so that there is no doubt about it. */
    private String notDelivered = "";

    /** Where a record begins in the log, if damage stands before it; else 0. */
    private long recordAfter;

    /** Whether there was no log at the last look. */
    private boolean wasGone;

    /** How often in a row the server did not say whether it has a batch. */
    private int failedQuestions;

    // Told by other threads.

    /** Up to which number nothing waits for company. */
    private volatile long hurryBelow;

    /** Whether the claim is held to send. Written under the monitor. */
    private volatile boolean sending;

    /** How many bytes of the oldest logs the one who sends is to delete, for the spool has too many. Written under the monitor. */
    private volatile long roomWanted;

    SessionUpload(
            SessionName name,
            Journal journal,
            DreamlakeClient client,
            UploadSettings settings,
            UploadListener listener,
            LongSupplier excess) {
        SessionDirectory directory = journal.directory();
        this.name = name;
        this.logs = new LogSegments(journal);
        this.checkpointFile = directory.checkpoint();
        this.lockFile = directory.uploadLock();
        this.remoteSession = new RemoteSession(name, directory.description(), client, listener);
        this.rejectedRecords = new RejectedRecords(directory.rejectedRecords());
        this.client = client;
        this.settings = settings;
        this.listener = listener;
        this.excess = excess;
        this.usualLimit = settings.maxBatchRecords();
        this.limit = usualLimit;
    }

    SessionName name() {
        return name;
    }

    /** Makes sure that the next process finds this session, whatever becomes of us: before its first record. */
    void mark() throws IOException {
        if (Files.exists(checkpointFile)) {
            return;
        }
        logs.makeDirectory();
        try {
            Files.createFile(checkpointFile); // empty, it says that nothing was sent
        } catch (FileAlreadyExistsException marked) {
            // By another thread or process.
        }
    }

    synchronized void wrote(long number) {
        unacknowledged.wrote(number);
    }

    /** How many of this appender's records the server does not have yet. */
    synchronized long pending() {
        return unacknowledged.pending();
    }

    /** Whether a record of this appender below a number is not delivered yet. */
    synchronized boolean isPendingBelow(long number) {
        return unacknowledged.isPendingBelow(number);
    }

    /** The number below which all must be delivered for this appender's records to be. */
    synchronized long end() {
        return unacknowledged.end();
    }

    /** From now on nothing waits for company that was written yet. */
    void hurry() {
        hurryBelow = end();
    }

    /** Whether it waits for better weather. */
    boolean isFailing() {
        return backoff.failures() > 0;
    }

    boolean isParked() {
        return parked;
    }

    /** Whether nothing is lost if a new one takes its place. */
    boolean isForgettable() {
        return pending() == 0 && !parked && unsaved == null;
    }

    /** How many bytes the server does not have yet, whoever wrote them. */
    long pendingBytes() throws IOException {
        long bytes = logs.all().stream().mapToLong(File::length).sum();
        return Math.max(0, bytes - Math.max(0, Checkpoint.parse(checkpointFile).offset()));
    }

    LogSegments logs() {
        return logs;
    }

    /**
     * Sends what is there.
     *
     * @param closing whether this is the end: then a last batch goes that is not full, too
     * @return when to come again: after this time, or after the next record if that is {@link #NOTHING}
     */
    Duration work(boolean closing) {
        long written = end();
        if (logs.areGone()) {
            return nothingThere(written);
        }
        if (parked) {
            return NOTHING;
        }
        try {
            if (logs.haveNewRecords()) {
                mark(); // the directory may have been deleted and made anew
            }
            try (UploadLock claim = UploadLock.tryTake(lockFile)) {
                beginSending(claim != null);
                Duration wait = work(claim != null, written, closing);
                closeNext();
                makeRoom(endSending());
                return wait;
            } finally {
                closeNext();
                endSending();
            }
        } catch (IOException trouble) {
            return retry(trouble.toString(), Duration.ZERO);
        }
    }

    private synchronized void beginSending(boolean isOurs) {
        sending = isOurs;
    }

    /** Returns how many bytes are to be deleted before the claim is given up. */
    private synchronized long endSending() {
        long wanted = roomWanted;
        sending = false;
        roomWanted = 0;
        return wanted;
    }

    /** @param written the number behind the last record of ours that was in a log before that is opened */
    private Duration work(boolean isOurs, long written, boolean closing) throws IOException {
        try (RandomAccessFile oldest = logs.openOldest()) {
            if (oldest == null) {
                return nothingThere(written);
            }
            wasGone = false;
            log = oldest;
            recordAfter = 0;
            Duration wait = workOn(isOurs, written, closing);
            if (wait.equals(NOTHING) && !parked) {
                backoff.reset();
            }
            return wait;
        }
    }

    private Duration workOn(boolean isOurs, long written, boolean closing) throws IOException {
        Checkpoint checkpoint = checkpoint(log);
        long deliveredByOthers = count(checkpoint.number());
        if (deliveredByOthers > 0) {
            listener.delivered(name, 0, deliveredByOthers);
        }
        if (!isOurs) {
            boolean isAllDone = logs.isOldestCurrent() && checkpoint.offset() == log.length() && pending() == 0;
            return isAllDone || closing && pending() == 0 ? NOTHING : NOT_OURS;
        }
        return upload(checkpoint, written, closing);
    }

    /** How far the log is sent: as far as we know, or as the file says, for another process may have gone on. */
    private Checkpoint checkpoint(RandomAccessFile log) throws IOException {
        Checkpoint saved = Checkpoint.read(checkpointFile, log);
        boolean isKnown = unsaved != null && unsaved.end() <= log.length() && unsaved.isOf(log);
        return isKnown && unsaved.offset() >= saved.offset() ? unsaved : saved;
    }

    private Duration upload(Checkpoint found, long written, boolean closing) throws IOException {
        Checkpoint checkpoint = found;
        if (checkpoint.lost() > 0) {
            Duration wait = reportLoss(checkpoint);
            if (wait != null) {
                return wait;
            }
            checkpoint = save(checkpoint.withoutLoss());
        }
        for (int batches = 0; batches < MAX_BATCHES && roomWanted == 0; batches++) {
            Batch batch = checkpoint.isDoubtful()
                    ? Batch.read(log, checkpoint.offset(), checkpoint.end(), checkpoint.number())
                    : nextBatch(checkpoint);
            if (checkpoint.isDoubtful() && (batch == null || batch.end() != checkpoint.end())) {
                checkpoint = save(checkpoint.withoutBatch()); // it is not in the log any more, as after a power loss
                continue;
            }
            if (batch == null) {
                Checkpoint next = nextLog(checkpoint);
                if (next == null && log == null) {
                    return nothingThere(written);
                }
                if (next == null) {
                    forgetWhatIsGone(checkpoint, written);
                    return NOTHING;
                }
                checkpoint = next;
                continue;
            }
            boolean waits = batches > 0 && !batch.isFull() && checkpoint.number() >= hurryBelow;
            if (waits && !closing) {
                return settings.interval();
            }
            Outcome outcome = send(batch, checkpoint);
            if (outcome.pause != null) {
                return outcome.pause;
            }
            checkpoint = outcome.checkpoint;
            backoff.reset();
        }
        return Duration.ZERO; // others have their turn
    }

    /**
     * What is to be sent next; null if there is nothing. What stands behind the last record is damage, which the journal cuts
     * off when it writes again: it is not ours to send, or to set aside.
     */
    private Batch nextBatch(Checkpoint checkpoint) throws IOException {
        while (true) {
            Batch batch =
                    Batch.read(log, checkpoint.offset(), Long.MAX_VALUE, limit, settings.maxBatchBytes(), checkpoint.number());
            if (batch == null || batch.endsWithRecord()) {
                return batch;
            }
            if (!isRecordAfter(batch.end()) && logs.isOldestCurrent()) {
                while (batch != null && !batch.endsWithRecord()) {
                    batch = batch.withoutLastLine(log, checkpoint.number());
                }
                return batch;
            }
            if (batch.isStillIn(log)) {
                return batch; // else it was cut off while we looked
            }
        }
    }

    private boolean isRecordAfter(long position) throws IOException {
        if (position <= recordAfter) {
            return true;
        }
        Batch line = nextLine(position);
        while (line != null && !line.endsWithRecord()) {
            line = nextLine(line.end());
        }
        recordAfter = line == null ? 0 : line.start();
        return line != null;
    }

    private Batch nextLine(long position) throws IOException {
        return Batch.read(log, position, Long.MAX_VALUE, 1, 1, 0);
    }

    /**
     * Everything that is on disk is delivered. So what was written before and still counts as pending is gone: somebody
     * deleted the log.
     */
    private void forgetWhatIsGone(Checkpoint checkpoint, long written) throws IOException {
        if (checkpoint.offset() == log.length() && logs.isOldestCurrent()) {
            forgetWhatIsGone(checkpoint.number(), written);
        }
    }

    /** There is no log. A listing may miss one that is renamed at the moment; what is missed twice is gone. */
    private Duration nothingThere(long written) {
        if (pending() == 0) {
            return NOTHING;
        }
        if (wasGone) {
            forgetWhatIsGone(0, written);
        }
        wasGone = !wasGone;
        return wasGone ? NOT_OURS : NOTHING;
    }

    private void forgetWhatIsGone(long delivered, long written) {
        long done;
        long gone;
        synchronized (this) {
            done = unacknowledged.doneBelow(delivered); // who wrote them may have said so only now
            gone = unacknowledged.giveUpBelow(written);
        }
        if (done > 0) {
            listener.delivered(name, 0, done);
        }
        if (gone > 0) {
            listener.lost(name, gone);
        }
    }

    /** Writes a checkpoint down. In a spool also goes on without, for only what is sent makes room on a full disk. */
    private Checkpoint save(Checkpoint checkpoint) throws IOException {
        try {
            checkpoint.write(checkpointFile);
            unsaved = null;
        } catch (IOException failure) {
            if (!logs.areSpooled()) {
                throw failure;
            }
            unsaved = checkpoint;
            listener.trouble("cannot note how far " + name + " is sent, so a crash now would send records again: " + failure);
        }
        return checkpoint;
    }

    /** In a spool, deletes a log that is delivered (I5). Null if there is nothing to send behind it. */
    private Checkpoint nextLog(Checkpoint checkpoint) throws IOException {
        if (logs.areSpooled() && checkpoint.offset() < log.length() && !logs.isOldestCurrent()) {
            if (nextLine(checkpoint.offset()) != null) {
                return checkpoint; // it grew before it was sealed
            }
            listener.trouble(logs.cutOldest(checkpoint.offset()));
        }
        if (!logs.areSpooled() || checkpoint.offset() < log.length()) {
            return null;
        }
        if (logs.isOldestCurrent() && !logs.seal(checkpoint.offset())) {
            return null;
        }
        if (checkpoint.offset() < log.length()) {
            return checkpoint; // it grew before it was sealed
        }
        File delivered = logs.all().get(0);
        try (RandomAccessFile check = new RandomAccessFile(delivered, "r")) {
            if (check.length() != checkpoint.offset() || !checkpoint.isOf(check)) {
                throw new IOException(delivered + " is not the log that was sent"); // nothing is deleted unproved
            }
        }
        Files.delete(delivered.toPath());
        Checkpoint next = save(checkpoint.atNextLog());
        closeNext();
        nextLog = logs.openOldest();
        log = nextLog;
        recordAfter = 0;
        return log == null ? null : next;
    }

    private void closeNext() throws IOException {
        if (nextLog != null) {
            RandomAccessFile closing = nextLog;
            nextLog = null;
            closing.close();
        }
    }

    /** Cancels pending requests to free space. */
    synchronized void cancelRequests() {
        roomWanted = 0;
    }

    /**
     * Deletes the oldest log of a spool that is too large, sent or not; where it is being sent, has that done between two
     * batches.
     *
     * @param length of the oldest log
     * @return how many bytes there are less, or soon will be; 0 if another process is at it
     */
    long giveUpOldest(long length) throws IOException {
        synchronized (this) {
            if (sending) {
                roomWanted += length;
                return length;
            }
        }
        try (UploadLock claim = UploadLock.tryTake(lockFile)) {
            return claim == null ? 0 : giveUpOldest();
        }
    }

    /** Deletes as many logs as was asked for, if there is still need. The claim must be held. */
    private void makeRoom(long bytes) throws IOException {
        long freed = 1;
        for (long left = bytes; left > 0 && freed > 0 && excess.getAsLong() > 0; left -= freed) {
            freed = giveUpOldest();
        }
    }

    private long giveUpOldest() throws IOException {
        Segment oldest = logs.oldestSegment();
        if (oldest == null) {
            return 0;
        }
        long bytes = oldest.file().length();
        long records;
        Checkpoint givenUp;
        try (RandomAccessFile file = new RandomAccessFile(oldest.file(), "r")) {
            Checkpoint checkpoint = checkpoint(file);
            long delivered = count(checkpoint.number());
            if (delivered > 0) {
                listener.delivered(name, 0, delivered);
            }
            records = Batch.countLines(oldest.file(), checkpoint.offset());
            givenUp = checkpoint.givingUp(records, Instant.now(), file, oldest.end());
        }
        long ours = count(oldest.end()); // before others can read that these are done with, and take them for delivered
        if (records > 0) {
            listener.dropped(name, records, ours);
        } else if (ours > 0) {
            listener.delivered(name, 0, ours);
        }
        save(givenUp); // first: or a crash here would hide the loss
        Files.delete(oldest.file().toPath());
        save(givenUp.atNextLog());
        return bytes;
    }

    /** Tells the server how many records it will never see. Null if it knows; else how long to wait. */
    private Duration reportLoss(Checkpoint checkpoint) throws IOException {
        Duration wait = register();
        if (wait != null) {
            return wait;
        }
        ObjectNode record = LenientJson.TREES.createObjectNode();
        record.put("timestamp", checkpoint.lostAt());
        record.put("level", "warn");
        record.put("message", checkpoint.lost() + " records were dropped before they could be sent: the spool was full");
        record.putObject("metadata").put("dreamlake_dropped", checkpoint.lost());
        byte[] body = ("{\"logs\": [" + record + "]}").getBytes(StandardCharsets.UTF_8);
        String key = UUID.nameUUIDFromBytes((name + checkpoint.lostAt() + checkpoint.lost()).getBytes(StandardCharsets.UTF_8))
                .toString();
        ServerResponse answer;
        try {
            answer = client.send(remoteSession.id(), body, key);
        } catch (NoResponseException failure) {
            return retry(failure.getMessage(), Duration.ZERO);
        }
        if (answer.isSuccess() || answer.isTooLarge() || answer.isInvalid()) {
            return null; // it was said, or it never can be
        }
        if (answer.isRefusal()) {
            return park("HTTP " + answer.status());
        }
        if (answer.sessionIsGone()) {
            remoteSession.forget();
        }
        return retry("HTTP " + answer.status(), answer.retryAfter());
    }

    /**
     * What came of an attempt.
     *
     * @param checkpoint where to go on at once
     * @param pause how long to wait before the same is tried again; else null
     */
    private record Outcome(Checkpoint checkpoint, Duration pause) {
        static Outcome after(Duration pause) {
            return new Outcome(null, pause);
        }
    }

    private Outcome send(Batch batch, Checkpoint checkpoint) throws IOException {
        if (batch.body() == null) {
            return setAside(batch, checkpoint, 0, "not a record");
        }
        Duration wait = register();
        if (wait != null) {
            return Outcome.after(wait);
        }
        String key = batch.key(name.toString());
        if (checkpoint.isDoubtful() && checkpoint.end() == batch.end() && !key.equals(notDelivered)) {
            Outcome known = ask(batch, checkpoint);
            if (known != null) {
                return known;
            }
        }
        boolean wasDoubtful = checkpoint.isDoubtful() && !key.equals(notDelivered);
        if (!checkpoint.isDoubtful()) {
            save(checkpoint.sending(batch));
        }
        notDelivered = "";
        ServerResponse answer;
        try {
            answer = client.send(remoteSession.id(), batch.body(), key);
        } catch (NoResponseException failure) {
            if (!failure.leavesDoubt && !wasDoubtful) {
                notDelivered = key;
            }
            return Outcome.after(retry(failure.getMessage(), Duration.ZERO));
        }
        if (answer.isSuccess()) {
            return delivered(batch, checkpoint, endSequence(answer));
        }
        if (!answer.leavesDoubt() && !wasDoubtful) {
            notDelivered = key;
        }
        return refused(batch, checkpoint, answer);
    }

    private Outcome refused(Batch batch, Checkpoint checkpoint, ServerResponse answer) throws IOException {
        String reason = "HTTP " + answer.status();
        if (answer.isRefusal()) {
            return Outcome.after(park(reason));
        }
        if (answer.sessionIsGone()) {
            remoteSession.forget();
            save(checkpoint.sending(batch).withoutServerEnd());
            return Outcome.after(retry(reason, answer.retryAfter()));
        }
        if (answer.isTooLarge() || answer.isInvalid()) {
            if (batch.records() == 1) {
                return setAside(batch, checkpoint, answer.status(), answer.body());
            }
            limit = batch.records() / 2;
            if (answer.isTooLarge()) {
                usualLimit = limit;
            }
            save(checkpoint.withoutBatch());
            return new Outcome(checkpoint.withoutBatch(), null);
        }
        return Outcome.after(retry(reason, answer.retryAfter()));
    }

    private Outcome delivered(Batch batch, Checkpoint checkpoint, long serverEnd) throws IOException {
        Checkpoint next = save(checkpoint.after(batch, serverEnd, log));
        usualLimit = (int) Math.min(settings.maxBatchRecords(), usualLimit + usualLimit / 8 + 1L);
        limit = (int) Math.min(usualLimit, 2L * limit);
        listener.delivered(name, batch.records(), count(next.number()));
        return new Outcome(next, null);
    }

    /** The server will never take this record. The next ones are not to suffer for it. */
    private Outcome setAside(Batch record, Checkpoint checkpoint, int status, String answer) throws IOException {
        keepAside(record, status, answer);
        usualLimit = settings.maxBatchRecords(); // that one record was too large tells nothing of the others
        Checkpoint next = save(checkpoint.after(record, checkpoint.serverEnd(), log));
        listener.rejected(name, 1, count(next.number()), status == 0 ? answer : "HTTP " + status);
        return new Outcome(next, null);
    }

    /** In a spool also goes on without, as {@link #save} does. */
    private void keepAside(Batch record, int status, String answer) throws IOException {
        try {
            rejectedRecords.add(record.lines(), status, answer);
        } catch (IOException failure) {
            if (!logs.areSpooled()) {
                throw failure;
            }
            listener.trouble("cannot keep a record aside that the server refuses: " + failure);
        }
    }

    private synchronized long count(long number) {
        return unacknowledged.doneBelow(number);
    }

    private Duration retry(String reason, Duration atLeast) {
        if (client.isClosed()) {
            return NOTHING; // we broke it off ourselves
        }
        Duration wait = backoff.next(atLeast);
        listener.retried(name, reason, wait);
        return wait;
    }

    private Duration park(String reason) {
        parked = true;
        listener.parked(name, reason);
        return NOTHING;
    }

    /** Makes the session known to the server. Null if it is; else how long to wait. */
    private Duration register() throws IOException {
        ServerResponse answer;
        try {
            answer = remoteSession.renew();
        } catch (NoResponseException failure) {
            return retry(failure.getMessage(), Duration.ZERO);
        }
        if (answer == null) {
            return null;
        }
        if (answer.isRefusal()) {
            return park("HTTP " + answer.status());
        }
        return retry(answer.isSuccess() ? "an answer without a session's id" : "HTTP " + answer.status(), answer.retryAfter());
    }

    private static long endSequence(ServerResponse answer) {
        try {
            return LenientJson.TREES.readTree(answer.body()).path("endSequence").asLong(-1);
        } catch (JacksonException noJson) {
            return -1; // it is stored, and that is what counts
        }
    }

    /**
     * Asks the server whether it has a batch of which we do not know. Null if it has not, or does not answer such
     * questions: then it is sent again, under its key.
     */
    private Outcome ask(Batch batch, Checkpoint checkpoint) throws IOException {
        ServerResponse answer;
        try {
            answer = client.newest(remoteSession.id(), NewestRecords.limit(batch.records()));
        } catch (NoResponseException failure) {
            return hasPatience() ? Outcome.after(retry(failure.getMessage(), Duration.ZERO)) : null;
        }
        if (answer.isRetryable() && answer.status() != 500 && answer.status() != 501 && hasPatience()) {
            return Outcome.after(retry("HTTP " + answer.status(), answer.retryAfter()));
        }
        failedQuestions = 0;
        if (answer.isSuccess()) {
            NewestRecords stored = NewestRecords.parse(answer.body(), checkpoint.serverEnd());
            if (stored != null && stored.endWith(batch)) {
                return delivered(batch, checkpoint, stored.lastNumber());
            }
        }
        return null;
    }

    private boolean hasPatience() {
        failedQuestions = (failedQuestions + 1) % MAX_QUESTIONS;
        return failedQuestions != 0;
    }
}
