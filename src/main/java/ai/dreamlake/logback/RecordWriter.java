package ai.dreamlake.logback;

import ai.dreamlake.logback.DreamlakeStatistics.DropReason;
import ai.dreamlake.logback.internal.journal.OpenJournals;
import ai.dreamlake.logback.internal.journal.SessionLockedException;
import ai.dreamlake.logback.internal.record.MdcReader;
import ai.dreamlake.logback.internal.record.RecordBuffer;
import ai.dreamlake.logback.internal.record.RecordBuffers;
import ai.dreamlake.logback.internal.record.RecordEncoder;
import ai.dreamlake.logback.internal.record.RecordLevel;
import ai.dreamlake.logback.internal.session.SessionKeys;
import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.internal.upload.UploadThread;
import ai.dreamlake.logback.internal.upload.Uploads;
import ch.qos.logback.classic.spi.ILoggingEvent;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;

/**
 * What runs between an appender's start and stop: an event becomes a record, and the record a line in its session's
 * journal, on the thread that logs (I1). Whatever happens to the event is counted (I6), and nothing is thrown (I3).
 */
final class RecordWriter {

    /** A value that logs while it is read is odd; one that makes itself logged again and again must find an end. */
    private static final int DEEPEST_RECURSION = 4;

    private final SessionKeys keys;
    private final boolean requireSession;
    private final RecordEncoder encoder;
    private final RecordLevel forcedFrom;
    private final OpenJournals journals;
    private final Announcer announcer;

    /** Null where there is no server; so is the next one. */
    private final Uploads uploads;

    private final UploadBooks uploadBooks;
    private final RecordBuffers buffers = new RecordBuffers();
    private final Books books = new Books();

    /** The session of some event before. Not volatile: the value cannot change, and any thread's last one will do. */
    private SessionName last;

    /** How many events this thread is writing at the moment. An array, for it is a type of the JDK's. */
    private final ThreadLocal<int[]> depth = ThreadLocal.withInitial(() -> new int[1]);

    /** @param forcedFrom the lowest level that is forced to the device, or null for none */
    RecordWriter(
            SessionKeys keys,
            boolean requireSession,
            RecordEncoder encoder,
            RecordLevel forcedFrom,
            OpenJournals journals,
            Announcer announcer,
            Uploads uploads,
            UploadBooks uploadBooks) {
        this.keys = keys;
        this.requireSession = requireSession;
        this.encoder = encoder;
        this.forcedFrom = forcedFrom;
        this.journals = journals;
        this.announcer = announcer;
        this.uploads = uploads;
        this.uploadBooks = uploadBooks;
        this.last = new SessionName(keys.workspace(), keys.session());
    }

    void append(ILoggingEvent event) {
        if (Thread.currentThread() instanceof UploadThread) {
            return; // what sending records has to say must not become a record that is to be sent
        }
        Map<String, String> mdc = MdcReader.of(event);
        if (requireSession && !keys.isNamed(mdc)) {
            return;
        }
        books.accepted();
        SessionName session = session(keys.workspaceOf(mdc), keys.sessionOf(mdc));
        int[] depth = this.depth.get();
        if (depth[0] == DEEPEST_RECURSION) {
            books.dropped(DropReason.RECURSION);
            announcer.warn("An event is dropped: a value in it logs itself when it is read.");
            return;
        }
        depth[0]++;
        try {
            write(event, session, mdc.get(SessionKeys.DESCRIPTION));
        } catch (Throwable failure) {
            lost(session, failure);
            return;
        } finally {
            depth[0]--;
        }
        books.written();
        announcer.written(session);
    }

    /** Most events go where the one before them went, and need no name of their own. */
    private SessionName session(String workspace, String session) {
        SessionName last = this.last;
        if (last.workspace().equals(workspace) && last.session().equals(session)) {
            return last;
        }
        SessionName named = new SessionName(workspace, session);
        this.last = named;
        return named;
    }

    private void write(ILoggingEvent event, SessionName session, String description) throws IOException {
        RecordBuffer buffer = buffers.take();
        RecordLevel level = encoder.encode(event, buffer);
        boolean forced = forcedFrom != null && level.compareTo(forcedFrom) >= 0;
        if (uploads == null) {
            journals.append(session, buffer.bytes(), buffer.length(), forced, description);
        } else {
            expectUpload(session);
            noteForUpload(session, journals.append(session, buffer.bytes(), buffer.length(), forced, description));
        }
        try {
            buffers.giveBack(buffer); // not after a failure: nobody knows what state that left it in
        } catch (StackOverflowError bufferIsLost) {
            // The record is written all the same.
        }
    }

    /** Trouble here never keeps a record from the log. */
    private void expectUpload(SessionName session) {
        try {
            uploads.expect(session);
        } catch (IOException | RuntimeException failure) {
            announcer.warn("Cannot note that a session is to be uploaded; should this process be killed, the next one may not"
                    + " find it. " + failure);
        }
    }

    /** The record is in its log, so it is neither lost nor dropped, whatever happens here. */
    private void noteForUpload(SessionName session, long number) {
        try {
            uploads.wrote(session, number);
        } catch (RuntimeException | StackOverflowError | OutOfMemoryError later) {
            // The next record, or the next start, sees to its delivery.
        }
    }

    private void lost(SessionName session, Throwable failure) {
        books.dropped(reason(failure));
        try {
            announcer.lost(session, failure);
        } catch (Throwable nothingLeft) {
            // No stack or no memory even for a word about it. The books know.
        }
    }

    private static DropReason reason(Throwable failure) {
        if (failure instanceof SessionLockedException) {
            return DropReason.LOCKED;
        }
        return failure instanceof IOException ? DropReason.DISK : DropReason.ERROR;
    }

    DreamlakeStatistics statistics() {
        return books.snapshot(journals.size(), uploadBooks, uploads == null ? 0 : uploads.pendingBytes());
    }

    boolean awaitDelivery(Duration timeout) {
        return uploads == null || uploads.awaitDelivery(timeout);
    }

    void close() {
        journals.close();
        if (uploads != null) {
            uploads.close();
        }
    }
}
