package ai.dreamlake.server.store;

/**
 * Asks for one number of all records of a session.
 *
 * <p>A name is that of an entry of the metadata, such as {@code train_loss}. If there is no such entry, dots lead into
 * nested entries: {@code eval.loss}. Numbers count, and so do the texts {@code NaN}, {@code Infinity} and
 * {@code -Infinity}.
 *
 * @param name of the value
 * @param x name of another value in the same record to return beside it, such as {@code epoch}; null for none
 * @param after only records with a greater number count; -1 for all
 * @param before only records with a smaller number count; {@link Long#MAX_VALUE} for all
 */
public record SeriesQuery(String name, String x, long after, long before) {

    /** Reads to the end. */
    public SeriesQuery(String name, String x, long after) {
        this(name, x, after, Long.MAX_VALUE);
    }
}
