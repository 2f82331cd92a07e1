package ai.dreamlake.logback.internal.journal;

/**
 * Receives the numbers that one appender's records were given. Called under the journal's monitor; must not call the
 * journal.
 */
public interface WriteListener {

    /**
     * Records are in the log.
     *
     * @param first the number of the first record
     * @param count how many records; their numbers are consecutive
     */
    void wrote(long first, long count);
}
