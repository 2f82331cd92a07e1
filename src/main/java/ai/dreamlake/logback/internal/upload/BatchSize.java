package ai.dreamlake.logback.internal.upload;

/**
 * How many records a batch may have: fewer than configured if the server found that too large, and fewer still while a
 * record is isolated that it refuses. Both grow again with what it takes. Not thread-safe.
 */
final class BatchSize {

    private final int most;

    /** What the server takes as a rule. */
    private int usual;

    private int limit;

    /** @param most as configured, at least 1 */
    BatchSize(int most) {
        this.most = most;
        this.usual = most;
        this.limit = most;
    }

    /** The most records of the next batch. */
    int limit() {
        return limit;
    }

    /** The maximum number of records of the batch after the next one, if the server accepts that. */
    int limitOnceDelivered() {
        return (int) Math.min(usualOnceDelivered(), 2L * limit);
    }

    private int usualOnceDelivered() {
        return (int) Math.min(most, usual + usual / 8 + 1L);
    }

    /** The server took a batch. */
    void delivered() {
        limit = limitOnceDelivered();
        usual = usualOnceDelivered();
    }

    /**
     * The server did not take a batch.
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

    /** A single record is set aside. If it was too large, that says nothing about the others. */
    void setAside() {
        usual = most;
    }
}
