package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.io.AppendedFile;
import ai.dreamlake.logback.internal.io.FileIdentity;
import ai.dreamlake.logback.internal.io.RegularFile;
import ai.dreamlake.logback.internal.record.LineFormat;
import java.io.File;
import java.io.IOException;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The tail of a log, where one process stages the records of a burst: a small file, mapped into memory. A stored record
 * belongs to the operating system at once and survives {@code kill -9} (I1). That costs a copy instead of a system
 * call.
 *
 * <pre>
 *   F epoch=0000000000 from=000256 …                                the {@link TailHeader}
 *   {"timestamp": "…", "level": "info", "message": "…", "metadata": null}
 *   {"timestamp": "…", "level": "info", "message": "…", "metadata": {"a": 1}}
 *                                                                   line feeds up to {@value #SIZE} bytes
 * </pre>
 *
 * <p>A record has no number yet. Its first byte is stored last, so a record torn by a kill is never valid, and reading
 * stops there. A lock on the file tells others that the owner is alive; it is held while the tail is open.
 *
 * <p>If somebody truncates the file, a store faults and HotSpot throws an InternalError, in compiled code sometimes
 * only after the store. So {@link #put} reads back the record's first and last byte. If they are missing, it provokes
 * the pending error where it can be caught. The tail is then broken for good; its records are still in the journal's
 * heap.
 *
 * <p>Not synchronized: the journal's monitor guards it.
 */
final class MappedTail {

    /** Large enough for one efficient write, and small enough to have one per open session. */
    static final int SIZE = 64 * 1024;

    /** Enough calls for HotSpot to compile {@link #store}. While it is being compiled, an error could escape. */
    private static final int WARM_UP_ROUNDS = 20_000;

    private static final int LARGE_ALLOCATION = 2 << 20;

    /** Keeps the compiler from removing an allocation. */
    @SuppressWarnings("UnusedVariable")
    private static volatile byte @Nullable [] sink;

    private static final AtomicBoolean WARM = new AtomicBoolean();
    private static final byte[] LINE_FEEDS = new byte[SIZE];

    static {
        Arrays.fill(LINE_FEEDS, (byte) '\n');
    }

    private final File file;
    private final FileIdentity identity;
    private final FileChannel channel;
    private final MappedByteBuffer tail;

    /** Where the next record goes. */
    private int position = TailHeader.SIZE;

    /** The end of a record that could not be stored, or 0. */
    private int dirtyEnd;

    private long epoch;

    /** Whether another process has taken over what was staged, as of the last check. */
    private boolean taken;

    private boolean broken;

    private MappedTail(File file, FileChannel channel, MappedByteBuffer tail) throws IOException {
        this.file = file;
        this.identity = FileIdentity.of(file.toPath());
        this.channel = channel;
        this.tail = tail;
    }

    /**
     * Makes HotSpot compile {@link #store}. Call this before the first {@link #create}; only the first call takes time.
     */
    static void warmUp() {
        if (WARM.compareAndSet(false, true) && ByteBuffer.allocateDirect(SIZE) instanceof MappedByteBuffer memory) {
            byte[] record = new byte[150];
            for (int i = 0; i < WARM_UP_ROUNDS; i++) {
                store(memory, i % (SIZE / 2), record, record.length);
            }
        }
    }

    /**
     * Creates a tail, under the session's lock. Must not be called on a thread that may be interrupted, since an
     * interrupt closes the channel during mapping.
     *
     * @param session identifies the session
     * @param next the number of the log's next record
     * @param place the log's length
     * @throws IOException also if the file exists
     */
    static MappedTail create(File file, String session, long next, long place) throws IOException {
        FileChannel channel = RegularFile.openChannel(
                file.toPath(), StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
        MappedTail created = null;
        try {
            if (channel.tryLock() == null) {
                throw new IOException("cannot lock " + file);
            }
            byte[] content = LINE_FEEDS.clone();
            byte[] header = TailHeader.ofThisProcess(session, next, place).toBytes();
            System.arraycopy(header, 0, content, 0, header.length);
            ByteBuffer unwritten = ByteBuffer.wrap(content);
            while (unwritten.hasRemaining()) {
                channel.write(unwritten); // reserves the blocks: a store must never find the disk full
            }
            created = new MappedTail(file, channel, channel.map(MapMode.READ_WRITE, 0, SIZE));
            return created;
        } catch (OverlappingFileLockException lockedInThisJvm) {
            throw new IOException("cannot lock " + file, lockedInThisJvm);
        } finally {
            if (created == null) {
                channel.close();
                Files.deleteIfExists(file.toPath());
            }
        }
    }

    File file() {
        return file;
    }

    /** Whether a record of this length fits. */
    boolean hasRoom(int length) {
        return stagedLength(length) <= SIZE - position;
    }

    /** How many bytes a record takes in the tail: without its number, with a line feed. */
    static int stagedLength(int length) {
        return LineFormat.lengthWithoutNumber(length) + 1;
    }

    /**
     * Stores a record. Once this returns true, the record survives the process.
     *
     * @param record the record up to its number
     * @return false if the tail is broken
     */
    boolean put(byte[] record, int length) {
        int start = position;
        int end = start + stagedLength(length);
        try {
            if (dirtyEnd > 0) {
                tail.put(start, LINE_FEEDS, 0, dirtyEnd - start);
            }
            dirtyEnd = Math.max(dirtyEnd, end);
            if (store(tail, start, record, length)) {
                dirtyEnd = 0;
                position = end;
                return true;
            }
            throwPendingError();
        } catch (InternalError truncated) {
            // Broken, as below.
        }
        broken = true;
        return false;
    }

    /**
     * Stores the first byte last: until then there is a line feed in its place, and so no record. False if the stores
     * had no effect.
     */
    private static boolean store(MappedByteBuffer tail, int start, byte[] record, int length) {
        int end = start + stagedLength(length);
        tail.put(start + 1, record, 1, end - start - 3);
        tail.put(end - 2, (byte) '}');
        tail.put(end - 1, (byte) '\n');
        VarHandle.releaseFence();
        tail.put(start, (byte) '{');
        VarHandle.acquireFence(); // or the compiler may use the stored value instead of reading it back
        return tail.get(start) == '{' && tail.get(end - 1) == '\n';
    }

    /**
     * Makes the JVM throw the InternalError that is pending after a faulted store. An allocation too large for the
     * thread-local buffer enters the VM, which checks for pending errors on return. Measured on JDK 17 and 25, this
     * threw each time, in interpreted and compiled code. Thread.yield and other native methods threw only when called
     * from the interpreter.
     */
    private static void throwPendingError() {
        sink = new byte[LARGE_ALLOCATION];
        sink = null;
    }

    boolean isBroken() {
        return broken;
    }

    /** Whether the file is still where recovery would look for it. */
    boolean isInPlace() throws IOException {
        return identity.isAt(file.toPath());
    }

    /**
     * Where the records that are still ours to write begin. Another process may have taken over earlier ones, since our
     * lock can be dropped without our knowledge. The session's lock is held.
     */
    int ours() {
        try {
            long now = TailHeader.epoch(tail);
            boolean isDone = TailHeader.state(tail) == TailHeader.DONE;
            int from = isDone ? TailHeader.end(tail) : TailHeader.from(tail);
            if (isReadable()) {
                taken = now != epoch;
                epoch = now;
                return taken ? Math.max(TailHeader.SIZE, Math.min(position, from)) : TailHeader.SIZE;
            }
            throwPendingError();
        } catch (InternalError truncated) {
            // Broken, as below.
        }
        broken = true;
        return TailHeader.SIZE;
    }

    /**
     * Notes that the staged records are about to be written. The session's lock is held.
     *
     * @param first the number of the first record
     * @param place the log's length
     */
    void beginWrite(long first, long place) {
        try {
            TailHeader.putFirst(tail, first);
            TailHeader.putPlace(tail, place);
            putState(TailHeader.WRITING);
        } catch (InternalError truncated) {
            broken = true;
        }
        checkHeader();
    }

    /** Notes that nothing was written after all. */
    void cancelWrite() {
        try {
            putState(TailHeader.FILLING);
        } catch (InternalError truncated) {
            broken = true;
        }
        checkHeader();
    }

    /** Notes that all records are written. Recovery ignores them as soon as the state says so. Allocates nothing. */
    void endWrite() {
        try {
            TailHeader.putEnd(tail, position);
            putState(TailHeader.DONE);
            tail.put(TailHeader.SIZE, LINE_FEEDS, 0, position - TailHeader.SIZE);
            TailHeader.putFrom(tail, TailHeader.SIZE);
            putState(TailHeader.FILLING);
        } catch (InternalError truncated) {
            broken = true;
        }
        position = TailHeader.SIZE;
        checkHeader();
    }

    /** Notes that the records before a position are written. The others stay staged. */
    void endWriteAt(int end) {
        try {
            TailHeader.putEnd(tail, end);
            putState(TailHeader.DONE);
            TailHeader.putFrom(tail, end);
            putState(TailHeader.FILLING);
        } catch (InternalError truncated) {
            broken = true;
        }
        checkHeader();
    }

    private void putState(char state) {
        VarHandle.releaseFence();
        TailHeader.putState(tail, state);
        VarHandle.releaseFence();
    }

    /** If the header cannot be read back, an error may be pending. This provokes it here, where it can be caught. */
    private void checkHeader() {
        try {
            if (!isReadable()) {
                broken = true;
                throwPendingError();
            }
        } catch (InternalError truncated) {
            broken = true;
        }
    }

    /** Whether another process took over the tail, began to write its records, and did not finish. */
    boolean isTakenInTheMiddle() {
        return !broken && taken && TailHeader.state(tail) == TailHeader.WRITING;
    }

    /** The number that that process was giving the first record. */
    long takenFirst() {
        return TailHeader.first(tail);
    }

    /** Where that process was writing it. */
    long takenPlace() {
        return TailHeader.place(tail);
    }

    /** Whether the header can be read back. */
    private boolean isReadable() {
        VarHandle.acquireFence();
        return TailHeader.isState(TailHeader.state(tail));
    }

    /**
     * Closes the tail. Other processes can then take over what is staged.
     *
     * @param mayDelete whether nothing is staged and the session's lock is held
     */
    void close(boolean mayDelete) throws IOException {
        try {
            if (mayDelete && identity.isAt(file.toPath())) {
                freeBlocks();
                Files.delete(file.toPath());
            }
        } finally {
            channel.close();
        }
    }

    /** Frees the disk space now: the mapping keeps it until it is garbage-collected. */
    private void freeBlocks() {
        try {
            AppendedFile.truncate(file, 0);
        } catch (IOException later) {
            // File descriptors may be exhausted.
        }
    }
}
