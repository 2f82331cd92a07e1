package ai.dreamlake.server.store;

/**
 * Which number to follow through a session's records.
 *
 * <p>A name is that of an entry of metadata, such as {@code train_loss}; or, if there is none, of an entry within
 * entries, with dots between: {@code eval.loss}. Numbers count, and the texts {@code NaN}, {@code Infinity} and
 * {@code -Infinity}.
 *
 * @param name of the value
 * @param x of another value in the same record to give beside it, such as {@code epoch}; null for none
 * @param after only records with a greater number count; -1 for all
 * @param before only records with a smaller number count; {@link Long#MAX_VALUE} for all
 */
public record SeriesQuery(String name, String x, long after, long before) {

    /** To the end. */
    public SeriesQuery(String name, String x, long after) {
        this(name, x, after, Long.MAX_VALUE);
    }
}
