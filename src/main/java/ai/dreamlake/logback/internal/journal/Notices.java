package ai.dreamlake.logback.internal.journal;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * What the user should know about a journal that still works: damage that was found, side files that cannot be written,
 * file systems without locks. Written under the journal's monitor, read by any thread.
 */
final class Notices {

    private final Queue<String> unread = new ConcurrentLinkedQueue<>();
    private final Set<String> reported = new HashSet<>();
    private final List<String> held = new ArrayList<>();

    /** The record that is being written, or null. */
    private @Nullable Line line;

    void setLine(@Nullable Line line) {
        this.line = line;
    }

    void report(String notice) {
        unread.add(notice);
    }

    void reportOnce(String notice) {
        if (reported.add(notice)) {
            unread.add(notice);
        }
    }

    /** Holds a notice until the record is written. If the write fails, its exception says enough. */
    void hold(String notice) {
        held.add(notice);
    }

    /**
     * Holds a notice of a failure that does not stop the record from being written.
     *
     * @throws IOException if file descriptors are exhausted: the record's caller can close some and try again
     */
    void hold(String notice, Exception trouble) throws IOException {
        if (line != null && trouble instanceof IOException failed && line.needsDescriptors(failed)) {
            throw failed;
        }
        hold(notice + trouble);
    }

    void reportHeld() {
        if (!held.isEmpty()) {
            held.forEach(this::reportOnce);
            held.clear();
        }
    }

    void dropHeld() {
        held.clear();
    }

    /** The oldest unread notice, or null. */
    @Nullable
    String poll() {
        return unread.poll();
    }
}
