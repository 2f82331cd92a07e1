package ai.dreamlake.logback.internal.journal;

/** A record that its thread offers to whichever thread writes next; see {@link GroupCommit}. */
final class OfferedLine {

    final byte[] record;
    final int count;
    final boolean forced;
    final String describedAs;

    /** The line that was offered before this one; once they are taken, the one behind it. */
    OfferedLine next;

    /** Where this line ends among those that are written together; 0 if there was no room for it. */
    int end;

    /** Its number, or {@link Journal#CLOSED} if it is done but not written. Set before {@link #done}. */
    long number = Journal.CLOSED;

    /** Whether nobody is to write this line any more. Set under the journal's monitor. */
    volatile boolean done;

    OfferedLine(byte[] record, int count, boolean forced, String describedAs) {
        this.record = record;
        this.count = count;
        this.forced = forced;
        this.describedAs = describedAs;
    }
}
