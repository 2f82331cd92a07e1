package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.session.SessionName;
import java.io.IOException;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * The journals of this JVM, one per directory. So two appenders, or one before and after a reconfiguration, write
 * through the same journal with the same lock. A journal that nobody refers to is garbage-collected.
 */
public final class JournalRegistry {

    private static final class Entry extends WeakReference<Journal> {
        final Path key;

        Entry(Path key, Journal journal, ReferenceQueue<Journal> garbage) {
            super(journal, garbage);
            this.key = key;
        }
    }

    /** Keyed by real path, so that two paths to a directory are one key. Guarded by itself. */
    private static final Map<Path, Entry> ENTRIES = new HashMap<>();

    private static final ReferenceQueue<Journal> GARBAGE = new ReferenceQueue<>();

    private JournalRegistry() {}

    /**
     * The journal of a session. Creates the session's directory; the files are opened by the first record.
     *
     * @param writeDelay how long a record may be staged, in nanoseconds; 0 to write every record at once. A journal
     *     that already exists keeps its own
     * @throws IOException if the session's directory is missing and cannot be created
     */
    public static Journal journal(Path root, SessionName name, LongSupplier nanoTime, Storage storage, long writeDelay)
            throws IOException {
        SessionDirectory named = SessionDirectory.of(root, name);
        named.requireNoLinks(name);
        storage.createDirectory(named.path());
        SessionDirectory directory = new SessionDirectory(named.path().toRealPath());
        synchronized (ENTRIES) {
            removeGarbage();
            Entry entry = ENTRIES.get(directory.path());
            Journal journal = entry == null ? null : entry.get();
            if (journal == null) {
                journal = new Journal(directory, name, nanoTime, storage, writeDelay);
                ENTRIES.put(directory.path(), new Entry(directory.path(), journal, GARBAGE));
            }
            return journal;
        }
    }

    private static void removeGarbage() {
        for (Reference<?> entry = GARBAGE.poll(); entry != null; entry = GARBAGE.poll()) {
            if (entry instanceof Entry collected) {
                ENTRIES.remove(collected.key, collected); // unless a successor has taken its place
            }
        }
    }

    /** For tests: how many journals there are. */
    static int size() {
        synchronized (ENTRIES) {
            removeGarbage();
            return ENTRIES.size();
        }
    }
}
