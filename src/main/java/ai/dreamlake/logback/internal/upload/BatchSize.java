package ai.dreamlake.logback.internal.upload;

/**
 * How many records a batch may have. That is less than configured if the server found a batch too large, and even less
 * while a record that it refuses is being isolated. Both limits grow again as the server accepts batches. Not
 * thread-safe.
 */
final class BatchSize {

    private final int max;

    /** The limit while no record is being isolated. */
    private int usual;

    private int limit;

    /** @param max the configured maximum, at least 1 */
    BatchSize(int max) {
        this.max = max;
        this.usual = max;
        this.limit = max;
    }

    /** The maximum number of records in the next batch. */
    int limit() {
        return limit;
    }

    /** The maximum number of records in the batch after the next one, if the server accepts the next one. */
    int limitOnceDelivered() {
        return (int) Math.min(usualOnceDelivered(), 2L * limit);
    }

    private int usualOnceDelivered() {
        return (int) Math.min(max, usual + usual / 8 + 1L);
    }

    /** The server accepted a batch. */
    void delivered() {
        limit = limitOnceDelivered();
        usual = usualOnceDelivered();
    }

    /**
     * The server did not accept a batch.
     *
     * @param records how many it had, more than one
     * @param isTooLarge whether any batch of this size is too large
     */
    void refused(int records, boolean isTooLarge) {
        limit = records / 2;
        if (isTooLarge) {
            usual = limit;
        }
    }

    /** A single record was set aside. If it was too large, that says nothing about the others. */
    void setAside() {
        usual = max;
    }
}
