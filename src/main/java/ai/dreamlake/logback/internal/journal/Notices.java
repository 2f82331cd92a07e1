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
 * What the user should know about a journal that works all the same: damage that was found, side files that cannot be
 * written, file systems without locks. Written under the journal's monitor, read by any thread.
 */
final class Notices {

    private final Queue<String> unread = new ConcurrentLinkedQueue<>();
    private final Set<String> told = new HashSet<>();
    private final List<String> held = new ArrayList<>();

    /** The record that is being written, or null. */
    private @Nullable Line line;

    void setLine(@Nullable Line line) {
        this.line = line;
    }

    void tell(String notice) {
        unread.add(notice);
    }

    void tellOnce(String notice) {
        if (told.add(notice)) {
            unread.add(notice);
        }
    }

    /** Keeps a notice until the record is written. If that fails, the exception says enough. */
    void hold(String notice) {
        held.add(notice);
    }

    /**
     * Keeps a notice of trouble that keeps no record from its log.
     *
     * @throws IOException if it comes from a lack of file descriptors, which the record's caller can help
     */
    void hold(String notice, Exception trouble) throws IOException {
        if (line != null && trouble instanceof IOException failed && line.needsDescriptors(failed)) {
            throw failed;
        }
        hold(notice + trouble);
    }

    void tellHeld() {
        if (!held.isEmpty()) {
            held.forEach(this::tellOnce);
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
