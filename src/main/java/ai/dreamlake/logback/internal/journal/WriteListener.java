package ai.dreamlake.logback.internal.journal;

/**
 * Hears which numbers the records of one appender got. Called under the journal's monitor; must not call the journal.
 */
public interface WriteListener {

    /**
     * Records are in the log.
     *
     * @param first the number of the first one
     * @param count how many they are; their numbers follow one another
     */
    void wrote(long first, long count);
}
