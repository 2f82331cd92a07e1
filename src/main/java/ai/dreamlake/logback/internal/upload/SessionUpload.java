package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.io.LenientJson;
import ai.dreamlake.logback.internal.io.RegularFile;
import ai.dreamlake.logback.internal.journal.Journal;
import ai.dreamlake.logback.internal.journal.Segment;
import ai.dreamlake.logback.internal.journal.SessionDirectory;
import ai.dreamlake.logback.internal.session.Retention;
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
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.node.ObjectNode;

/**
 * Uploads one session: one batch at a time, in the order of the log.
 *
 * <p>What must survive is on disk: the log, and the {@link Checkpoint}, which says before each call what is about to be
 * sent. So another process can continue wherever this one ended, and sends the same bytes under the same key.
 *
 * <p>{@link #work} runs on one upload thread at a time; {@link UploadTask} decides when. The methods that logging
 * threads call are synchronized.
 */
final class SessionUpload {

    /** There is nothing to do until a record is written. */
    static final Duration NOTHING = Duration.ofDays(365);

    /** How long to wait before looking again at a log that another process uploads, or that is missing. */
    private static final Duration RECHECK_DELAY = Duration.ofMillis(500);

    /** After this many batches, other sessions get their turn. */
    private static final int MAX_BATCHES = 16;

    /**
     * After this many failed queries in a row, stops asking: a server may take records, but not say which ones it has.
     */
    private static final int MAX_FAILED_QUERIES = 5;

    /** Records are reported a moment after they were written, so the latest runs of numbers are enough. */
    private static final int MAX_DONE_RUNS = 64;

    private final SessionName name;
    private final LogSegments logs;
    private final Path checkpointFile;
    private final Path lockFile;
    private final RejectedRecords rejectedRecords;
    private final RemoteSession remoteSession;
    private final DreamlakeClient client;
    private final UploadSettings settings;
    private final UploadListener listener;

    /** How many bytes the spool is over its limit at this moment. */
    private final LongSupplier excess;

    private final Backoff backoff = new Backoff(ThreadLocalRandom.current());

    // Guarded by this.
    private final UnacknowledgedRecords unacknowledged = new UnacknowledgedRecords();

    /** Numbers that are done, the latest last. */
    private final Deque<Numbers.Run> done = new ArrayDeque<>();

    /** The number of the latest checkpoint that we saw. */
    private long doneEnd;

    private volatile boolean crowded;
    private volatile boolean parked;

    // Used only by the thread in work().

    /** The log that is being sent, which is the oldest file; null while nothing is sent. */
    private @Nullable RandomAccessFile log;

    /** The same file, if it is not the one that work() began with, and so must be closed separately; else null. */
    private @Nullable RandomAccessFile nextLog;

    /** The latest checkpoint, if it could not be saved; else null. */
    private volatile @Nullable Checkpoint unsaved;

    /** How many records a batch may have: fewer than configured if the server found that too large. */
    private int usualLimit;

    /** How many it may have at the moment: fewer while we isolate a record that the server refuses. */
    private int limit;

    /** The key of a batch that the server certainly does not have, as it refused it or never got it; else empty. */
    private String undeliveredKey = "";

    /** Where a record begins that follows damage in the log, if one was found; else 0. */
    private long laterRecordStart;

    /** Whether the log was missing at the last look. */
    private boolean wasMissing;

    /** How many times in a row the server failed to say whether it has a batch. */
    private int failedQueries;

    // Shared with other threads.

    /** Records below this number do not wait for more records to go with them. */
    private volatile long hurryBelow;

    /** Whether the upload lock is held in order to send. Written under the monitor. */
    private volatile boolean sending;

    /**
     * How many bytes of the oldest logs the sending thread must delete to shrink the spool. Written under the monitor.
     */
    private volatile long bytesToFree;

    SessionUpload(
            SessionName name,
            Journal journal,
            Retention retention,
            DreamlakeClient client,
            UploadSettings settings,
            UploadListener listener,
            LongSupplier excess) {
        SessionDirectory directory = journal.directory();
        this.name = name;
        this.logs = new LogSegments(journal, retention);
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

    /**
     * Makes sure that the next process finds this session, even if this one is killed. Call it before the first record.
     */
    void mark() throws IOException {
        if (Files.exists(checkpointFile)) {
            return;
        }
        logs.makeDirectory();
        try {
            Files.createFile(checkpointFile); // empty: nothing has been sent
        } catch (FileAlreadyExistsException marked) {
            // Another thread or process created it.
        }
    }

    /** Makes room to note more records, if there is little left. Without memory, they are noted less exactly. */
    void reserve() {
        if (crowded) {
            synchronized (this) {
                try {
                    unacknowledged.reserve();
                } catch (OutOfMemoryError later) {
                    return;
                }
                crowded = unacknowledged.isCrowded();
            }
        }
    }

    /** Allocates nothing. */
    synchronized void wrote(long first, long count) {
        unacknowledged.wrote(first, count);
        crowded = unacknowledged.isCrowded();
    }

    /** How many of this appender's records the server does not have yet. */
    synchronized long pending() {
        return unacknowledged.pending();
    }

    /** Whether any record of this appender below a number is not delivered yet. */
    synchronized boolean isPendingBelow(long number) {
        return unacknowledged.isPendingBelow(number);
    }

    /** All of this appender's records are delivered once everything below this number is. */
    synchronized long end() {
        return unacknowledged.end();
    }

    /** From now on, no record written so far waits for more records to go with it. */
    void hurry() {
        hurryBelow = end();
    }

    /** Whether the last attempt failed and will be repeated. */
    boolean isFailing() {
        return backoff.failures() > 0;
    }

    boolean isParked() {
        return parked;
    }

    /** Whether a new object can replace this one without losing anything. */
    boolean isForgettable() {
        return pending() == 0 && !parked && unsaved == null;
    }

    /** How many bytes of logs the server does not have yet, whoever wrote them. */
    long pendingBytes() throws IOException {
        long bytes = logs.all().stream().mapToLong(File::length).sum();
        return Math.max(0, bytes - Math.max(0, Checkpoint.parse(checkpointFile).offset()));
    }

    LogSegments logs() {
        return logs;
    }

    /**
     * Sends pending records.
     *
     * @param closing whether the appender is stopping: then the last batch is sent even if it is not full
     * @return how long to wait before the next call; {@link #NOTHING} means until the next record
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
                mark(); // the directory may have been deleted and created again
            }
            try (UploadLock lock = takeLock()) {
                beginSending(lock != null);
                Duration wait = work(lock != null, written, closing);
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

    private synchronized void beginSending(boolean isLocked) {
        sending = isLocked;
    }

    /** Returns how many bytes must be deleted before the upload lock is released. */
    private synchronized long endSending() {
        long bytes = bytesToFree;
        sending = false;
        bytesToFree = 0;
        return bytes;
    }

    /**
     * @param isLocked whether we hold the upload lock
     * @param written one past our last record written before the log was opened
     */
    private Duration work(boolean isLocked, long written, boolean closing) throws IOException {
        try (RandomAccessFile oldest = logs.openOldest()) {
            if (oldest == null) {
                return nothingThere(written);
            }
            wasMissing = false;
            log = oldest;
            laterRecordStart = 0;
            Duration wait = workOn(isLocked, written, closing);
            if (wait.equals(NOTHING) && !parked) {
                backoff.reset();
            }
            return wait;
        }
    }

    private Duration workOn(boolean isLocked, long written, boolean closing) throws IOException {
        Checkpoint checkpoint = checkpoint(log());
        long deliveredByOthers = markDoneUntil(checkpoint);
        if (deliveredByOthers > 0) {
            listener.delivered(name, 0, deliveredByOthers);
        }
        if (!isLocked) {
            boolean isAllDone = logs.isOldestCurrent() && checkpoint.offset() == log().length() && pending() == 0;
            return isAllDone || closing && pending() == 0 ? NOTHING : RECHECK_DELAY;
        }
        return upload(checkpoint, written, closing);
    }

    private RandomAccessFile log() {
        return Objects.requireNonNull(log, "only used while a log is open");
    }

    /**
     * How far the log is sent, from memory or from the file, whichever is further: another process may have continued.
     */
    private Checkpoint checkpoint(RandomAccessFile log) throws IOException {
        Checkpoint saved = Checkpoint.read(checkpointFile, log);
        Checkpoint known = unsaved;
        return known != null && known.end() <= log.length() && known.isOf(log) && known.offset() >= saved.offset()
                ? known
                : saved;
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
        for (int batches = 0; batches < MAX_BATCHES && bytesToFree == 0; batches++) {
            Batch batch = checkpoint.isDoubtful()
                    ? Batch.read(
                            log(), checkpoint.offset(), checkpoint.end(), settings.maxBatchBytes(), checkpoint.number())
                    : nextBatch(checkpoint);
            if (checkpoint.isDoubtful() && (batch == null || batch.end() != checkpoint.end())) {
                checkpoint =
                        save(checkpoint.withoutBatch()); // the batch is no longer in the log, as after a power loss
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
            checkpoint = Objects.requireNonNull(outcome.checkpoint);
            backoff.reset();
        }
        return Duration.ZERO; // other sessions get their turn
    }

    /**
     * The next batch to send; null if there is none. What follows the last record is damage, which the journal cuts off
     * when it writes again; it is neither sent nor set aside here.
     */
    private @Nullable Batch nextBatch(Checkpoint checkpoint) throws IOException {
        while (true) {
            Batch batch = Batch.read(
                    log(), checkpoint.offset(), Long.MAX_VALUE, limit, settings.maxBatchBytes(), checkpoint.number());
            if (batch == null || batch.endsWithRecord()) {
                return batch;
            }
            if (!isRecordAfter(batch.end()) && logs.isOldestCurrent()) {
                while (batch != null && !batch.endsWithRecord()) {
                    batch = batch.withoutLastLine(log(), checkpoint.number());
                }
                return batch;
            }
            if (batch.isStillIn(log())) {
                return batch; // otherwise it was cut off while we looked
            }
        }
    }

    private boolean isRecordAfter(long position) throws IOException {
        if (position <= laterRecordStart) {
            return true;
        }
        Batch line = nextLine(position);
        while (line != null && !line.endsWithRecord()) {
            line = nextLine(line.end());
        }
        laterRecordStart = line == null ? 0 : line.start();
        return line != null;
    }

    private @Nullable Batch nextLine(long position) throws IOException {
        return Batch.read(log(), position, Long.MAX_VALUE, 1, 1, 0);
    }

    /**
     * If everything on disk is delivered, records that were written before and still count as pending are gone:
     * somebody deleted the log.
     */
    private void forgetWhatIsGone(Checkpoint checkpoint, long written) throws IOException {
        if (checkpoint.offset() == log().length() && logs.isOldestCurrent()) {
            forgetWhatIsGone(checkpoint.number(), written);
        }
    }

    /**
     * There is no log. A listing can miss a file that is being renamed, so only a log that is missing twice is gone.
     */
    private Duration nothingThere(long written) {
        if (pending() == 0) {
            return NOTHING;
        }
        if (wasMissing) {
            forgetWhatIsGone(0, written);
        }
        wasMissing = !wasMissing;
        return wasMissing ? RECHECK_DELAY : NOTHING;
    }

    private void forgetWhatIsGone(long delivered, long written) {
        long done;
        long gone;
        synchronized (this) {
            done = unacknowledged.doneBelow(delivered); // the threads that wrote them may have reported them only now
            gone = unacknowledged.giveUpBelow(written);
        }
        if (done > 0) {
            listener.delivered(name, 0, done);
        }
        if (gone > 0) {
            listener.lost(name, gone);
        }
    }

    /** Saves a checkpoint. A spool goes on if that fails, since only sending frees space on a full disk. */
    private Checkpoint save(Checkpoint checkpoint) throws IOException {
        try {
            checkpoint.write(checkpointFile);
            unsaved = null;
        } catch (IOException failure) {
            if (!logs.areSpooled()) {
                throw failure;
            }
            unsaved = checkpoint;
            listener.trouble(
                    "cannot note how far " + name + " is sent, so a crash now would send records again: " + failure);
        }
        return checkpoint;
    }

    /** In a spool, deletes a delivered log (I5) and opens the next one. Null if there is nothing more to send. */
    private @Nullable Checkpoint nextLog(Checkpoint checkpoint) throws IOException {
        if (logs.areSpooled() && checkpoint.offset() < log().length() && !logs.isOldestCurrent()) {
            if (nextLine(checkpoint.offset()) != null) {
                return checkpoint; // it grew before it became a segment
            }
            listener.trouble(logs.cutOldest(checkpoint.offset()));
        }
        if (!logs.areSpooled() || checkpoint.offset() < log().length()) {
            return null;
        }
        if (logs.isOldestCurrent() && !logs.seal(checkpoint.offset())) {
            return null;
        }
        if (checkpoint.offset() < log().length()) {
            return checkpoint; // it grew before it became a segment
        }
        File delivered = logs.all().get(0);
        try (RandomAccessFile check = RegularFile.open(delivered, "r")) {
            if (check.length() != checkpoint.offset() || !checkpoint.isOf(check)) {
                throw new IOException(delivered + " is not the log that was sent"); // never delete without proof
            }
        }
        Files.delete(delivered.toPath());
        Checkpoint next = save(checkpoint.atNextLog());
        closeNext();
        nextLog = logs.openOldest();
        log = nextLog;
        laterRecordStart = 0;
        return log == null ? null : next;
    }

    private void closeNext() throws IOException {
        if (nextLog != null) {
            RandomAccessFile file = nextLog;
            nextLog = null;
            file.close();
        }
    }

    /** Cancels pending requests to free space. */
    synchronized void cancelRequests() {
        bytesToFree = 0;
    }

    /**
     * Deletes the oldest log of a spool that is over its limit, sent or not. If a thread of ours is sending, tells it
     * to do so after the current batch.
     *
     * @param length the length of the oldest log
     * @return how many bytes were, or soon will be, deleted; 0 if another process holds the log
     */
    long giveUpOldest(long length) throws IOException {
        synchronized (this) {
            if (sending) {
                bytesToFree += length;
                return length;
            }
        }
        try (UploadLock lock = takeLock()) {
            return lock == null ? 0 : giveUpOldest();
        }
    }

    private @Nullable UploadLock takeLock() throws IOException {
        logs.requireNoLinks();
        return UploadLock.tryTake(lockFile);
    }

    /** Deletes logs of as many bytes as requested, while the spool is over its limit. The upload lock must be held. */
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
        try (RandomAccessFile file = RegularFile.open(oldest.file(), "r")) {
            Checkpoint checkpoint = checkpoint(file);
            long delivered = markDoneBelow(checkpoint.number());
            if (delivered > 0) {
                listener.delivered(name, 0, delivered);
            }
            records = Batch.countLines(oldest.file(), checkpoint.offset());
            givenUp = checkpoint.givingUp(
                    records, Instant.now(), file, oldest.end() > 0 ? oldest.end() : checkpoint.number());
        }
        // Before the save: a thread that read the new checkpoint would take these for delivered.
        long ours = markDoneBelow(givenUp.number());
        if (records > 0) {
            listener.dropped(name, records, ours);
        } else if (ours > 0) {
            listener.delivered(name, 0, ours);
        }
        save(givenUp); // before the delete: a crash in between must not hide the loss
        Files.delete(oldest.file().toPath());
        save(givenUp.atNextLog());
        return bytes;
    }

    /** Tells the server how many records it will never get. Null if it knows; otherwise how long to wait. */
    private @Nullable Duration reportLoss(Checkpoint checkpoint) throws IOException {
        Duration wait = register();
        if (wait != null) {
            return wait;
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
        ServerResponse response;
        try {
            response = client.send(remoteSession.requireId(), body, key);
        } catch (NoResponseException failure) {
            return retry(failure.reason(), Duration.ZERO);
        }
        if (response.isSuccess() || response.isTooLarge() || response.isInvalid()) {
            return null; // reported, or impossible to report
        }
        if (response.isRefusal()) {
            return park("HTTP " + response.status());
        }
        if (response.sessionIsGone()) {
            remoteSession.forget();
        }
        return retry("HTTP " + response.status(), response.retryAfter());
    }

    /**
     * The result of an attempt.
     *
     * @param checkpoint where to continue at once; null if there is a pause
     * @param pause how long to wait before the same attempt is repeated; otherwise null
     */
    private record Outcome(
            @Nullable Checkpoint checkpoint, @Nullable Duration pause) {
        static Outcome after(Duration pause) {
            return new Outcome(null, pause);
        }
    }

    private Outcome send(Batch batch, Checkpoint checkpoint) throws IOException {
        if (batch.unsendable() != null) {
            return setAside(batch, checkpoint, 0, batch.unsendable().reason);
        }
        Duration wait = register();
        if (wait != null) {
            return Outcome.after(wait);
        }
        String key = batch.key(name.toString());
        if (checkpoint.isDoubtful() && checkpoint.end() == batch.end() && !key.equals(undeliveredKey)) {
            Outcome resolved = resolveDoubt(batch, checkpoint);
            if (resolved != null) {
                return resolved;
            }
        }
        boolean wasDoubtful = checkpoint.isDoubtful() && !key.equals(undeliveredKey);
        if (!checkpoint.isDoubtful()) {
            save(checkpoint.sending(batch));
        }
        undeliveredKey = "";
        ServerResponse response;
        try {
            response = client.send(remoteSession.requireId(), batch.body(), key);
        } catch (NoResponseException failure) {
            if (!failure.leavesDoubt && !wasDoubtful) {
                undeliveredKey = key;
            }
            return Outcome.after(retry(failure.reason(), Duration.ZERO));
        }
        if (response.isSuccess()) {
            return delivered(batch, checkpoint, endSequence(response));
        }
        if (!response.leavesDoubt() && !wasDoubtful) {
            undeliveredKey = key;
        }
        return refused(batch, checkpoint, response);
    }

    private Outcome refused(Batch batch, Checkpoint checkpoint, ServerResponse response) throws IOException {
        String reason = "HTTP " + response.status();
        if (response.isRefusal()) {
            return Outcome.after(park(reason));
        }
        if (response.sessionIsGone()) {
            remoteSession.forget();
            save(checkpoint.sending(batch).withoutServerEnd());
            return Outcome.after(retry(reason, response.retryAfter()));
        }
        if (response.isTooLarge() || response.isInvalid()) {
            if (batch.records() == 1) {
                return setAside(batch, checkpoint, response.status(), response.body());
            }
            limit = batch.records() / 2;
            if (response.isTooLarge()) {
                usualLimit = limit;
            }
            save(checkpoint.withoutBatch());
            return new Outcome(checkpoint.withoutBatch(), null);
        }
        return Outcome.after(retry(reason, response.retryAfter()));
    }

    private Outcome delivered(Batch batch, Checkpoint checkpoint, long serverEnd) throws IOException {
        Checkpoint next = save(checkpoint.after(batch, serverEnd, log()));
        usualLimit = (int) Math.min(settings.maxBatchRecords(), usualLimit + usualLimit / 8 + 1L);
        limit = (int) Math.min(usualLimit, 2L * limit);
        listener.delivered(name, batch.records(), markDone(batch));
        return new Outcome(next, null);
    }

    /**
     * Sets aside a record that the server will never accept, so that it does not hold up the next ones.
     *
     * @param status the HTTP status; 0 if the record was not sent
     * @param reason the response's body, or why the record was not sent
     */
    private Outcome setAside(Batch record, Checkpoint checkpoint, int status, String reason) throws IOException {
        keepAside(record, status, reason);
        usualLimit = settings.maxBatchRecords(); // one record that is too large says nothing about the others
        Checkpoint next = save(checkpoint.after(record, checkpoint.serverEnd(), log()));
        listener.rejected(name, 1, markDone(record), status == 0 ? reason : "HTTP " + status);
        return new Outcome(next, null);
    }

    /** A spool goes on if this fails, as in {@link #save}. */
    private void keepAside(Batch record, int status, String reason) throws IOException {
        try {
            rejectedRecords.add(log(), record.start(), record.end(), status, reason);
        } catch (IOException failure) {
            if (!logs.areSpooled()) {
                throw failure;
            }
            listener.trouble("cannot keep a record aside that the server refuses: " + failure);
        }
    }

    /**
     * Marks the numbers of a batch, and no others: those between them may be numbers of records that come later, if
     * others wrote theirs in no order.
     */
    private synchronized long markDone(Batch batch) {
        batch.numbers().runs().forEach(this::note); // first: it allocates, and nothing may be marked and not counted
        doneEnd = batch.numbers().next();
        long before = unacknowledged.pending();
        for (Numbers.Run run : batch.numbers().runs()) {
            unacknowledged.doneBetween(run.first(), run.next());
        }
        return before - unacknowledged.pending();
    }

    /** Marks what others have delivered since the last look, and what was reported only after it was delivered. */
    private synchronized long markDoneUntil(Checkpoint checkpoint) {
        if (checkpoint.number() < doneEnd) {
            done.clear(); // the log began again, and its numbers do so, too
        }
        if (checkpoint.number() > doneEnd) {
            note(new Numbers.Run(doneEnd, checkpoint.number()));
        }
        doneEnd = checkpoint.number();
        long before = unacknowledged.pending();
        for (Numbers.Run run : done) {
            unacknowledged.doneBetween(run.first(), run.next());
        }
        return before - unacknowledged.pending();
    }

    private void note(Numbers.Run run) {
        Numbers.Run last = done.peekLast();
        if (last != null && last.next() == run.first()) {
            done.removeLast();
            done.addLast(new Numbers.Run(last.first(), run.next()));
        } else {
            done.addLast(run);
        }
        if (done.size() > MAX_DONE_RUNS) {
            done.removeFirst();
        }
    }

    private synchronized long markDoneBelow(long number) {
        return unacknowledged.doneBelow(number);
    }

    private Duration retry(String reason, Duration atLeast) {
        if (client.isClosed()) {
            return NOTHING; // we canceled the call ourselves
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

    /** Makes sure that the server has the session. Null if it has; otherwise how long to wait. */
    private @Nullable Duration register() throws IOException {
        ServerResponse response;
        try {
            response = remoteSession.renew();
        } catch (NoResponseException failure) {
            return retry(failure.reason(), Duration.ZERO);
        }
        if (response == null) {
            return null;
        }
        if (response.isRefusal()) {
            return park("HTTP " + response.status());
        }
        return retry(
                response.isSuccess() ? "a response without the session's id" : "HTTP " + response.status(),
                response.retryAfter());
    }

    private static long endSequence(ServerResponse response) {
        try {
            return LenientJson.TREES
                    .readTree(response.body())
                    .path("endSequence")
                    .asLong(-1);
        } catch (JacksonException noJson) {
            return -1; // the records are stored; the number is optional
        }
    }

    /**
     * Asks the server whether it has a batch whose outcome is unknown. Null if it has not, or cannot say: then the
     * batch is sent again, under the same key.
     */
    private @Nullable Outcome resolveDoubt(Batch batch, Checkpoint checkpoint) throws IOException {
        if (batch.body().length > DreamlakeClient.MAX_RESPONSE_BYTES) {
            return null; // no answer that we read could show it
        }
        ServerResponse response;
        try {
            response = client.newest(remoteSession.requireId(), NewestRecords.limit(batch.records()), 0);
        } catch (NoResponseException failure) {
            return shouldKeepAsking() ? Outcome.after(retry(failure.reason(), Duration.ZERO)) : null;
        }
        if (response.isRetryable() && response.status() != 500 && response.status() != 501 && shouldKeepAsking()) {
            return Outcome.after(retry("HTTP " + response.status(), response.retryAfter()));
        }
        failedQueries = 0;
        if (response.isSuccess()) {
            NewestRecords stored = NewestRecords.parse(response.body(), checkpoint.serverEnd());
            if (stored != null && stored.endWith(batch)) {
                return delivered(batch, checkpoint, stored.lastNumber());
            }
        }
        return null;
    }

    private boolean shouldKeepAsking() {
        failedQueries = (failedQueries + 1) % MAX_FAILED_QUERIES;
        return failedQueries != 0;
    }
}
