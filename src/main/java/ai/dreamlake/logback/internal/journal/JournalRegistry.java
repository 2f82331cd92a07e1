package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.session.SessionName;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.LongSupplier;

/**
 * The open journals of this JVM, one per directory, counted by their users: so two appenders, or one before and after a
 * reconfiguration, write through one journal with one lease.
 */
final class JournalRegistry {

    private record Entry(Journal journal, int users) {}

    /** By real path, so that two ways to a directory are one key. I/O happens inside compute, so that nobody opens what is being closed. */
    private static final ConcurrentMap<Path, Entry> ENTRIES = new ConcurrentHashMap<>();

    private JournalRegistry() {}

    /** A journal in use, to be given back once. */
    static final class Use {
        private final Path key;
        private final Journal journal;

        private Use(Path key, Journal journal) {
            this.key = key;
            this.journal = journal;
        }

        Journal journal() {
            return journal;
        }

        /** Closes the journal if nobody else uses it. */
        void release() throws IOException {
            IOException[] failure = new IOException[1];
            ENTRIES.computeIfPresent(key, (path, entry) -> {
                try {
                    if (entry.users() == 1) {
                        journal.close();
                    } else {
                        journal.pause(); // who leaves may be the one that would have paused it later
                    }
                } catch (IOException e) {
                    failure[0] = e;
                } catch (RuntimeException | Error e) {
                    failure[0] = new IOException(e); // a journal that is closed must not stay here, whatever else it is
                }
                return entry.users() == 1 ? null : new Entry(journal, entry.users() - 1);
            });
            if (failure[0] != null) {
                throw failure[0];
            }
        }
    }

    /** @throws IOException if the session's directory is not there and cannot be made */
    static Use use(Path root, SessionName name, LongSupplier nanoTime, LogFile.Opener opener) throws IOException {
        opener.createDirectory(name.directory(root));
        Path directory = name.directory(root).toRealPath();
        Entry used = ENTRIES.compute(directory, (path, entry) -> entry == null
                ? new Entry(new Journal(path, name, nanoTime, opener), 1)
                : new Entry(entry.journal(), entry.users() + 1));
        return new Use(directory, used.journal());
    }
}
