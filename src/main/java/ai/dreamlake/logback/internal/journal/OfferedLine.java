package ai.dreamlake.logback.internal.journal;

import org.jspecify.annotations.Nullable;

/** A line that its thread offers to whichever thread writes next; see {@link GroupCommit}. */
final class OfferedLine {

    final byte[] bytes;
    final int length;
    final boolean forced;
    final @Nullable String description;

    /** The line that was offered before this one; once they are taken, the one after it. */
    @Nullable
    OfferedLine next;

    /** Where this line ends among those that are written together; 0 if there was no room for it. */
    int end;

    /** Set before {@link #done}. */
    long number = Line.NOT_WRITTEN;

    /** Whether nobody is to write this line any more. Set under the journal's monitor. */
    volatile boolean done;

    OfferedLine(Line line) {
        this.bytes = line.bytes;
        this.length = line.length;
        this.forced = line.forced;
        this.description = line.description;
    }
}
