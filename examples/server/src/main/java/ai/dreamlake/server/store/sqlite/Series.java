package ai.dreamlake.server.store.sqlite;

import ai.dreamlake.server.store.Metrics;
import ai.dreamlake.server.store.SeriesPoint;
import ai.dreamlake.server.store.SeriesQuery;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Consumer;
import tools.jackson.databind.node.ObjectNode;

/**
 * Reads a number from one record after the other. It reads a piece completely before it passes the piece on: the
 * receiver may be slow, and must not delay the truncation of the log.
 */
final class Series {

    private static final int PIECE = 10_000;

    private final Readers readers;
    private final String id;
    private final SeriesQuery query;

    /** The first number not read yet. */
    private long next;

    private long nanosLeft;

    Series(Readers readers, String id, SeriesQuery query) {
        this.readers = readers;
        this.id = id;
        this.query = query;
        next = query.after() == Long.MAX_VALUE ? Long.MAX_VALUE : query.after() + 1;
        nanosLeft = readers.longestNanos();
    }

    void give(Consumer<SeriesPoint> each) {
        for (List<SeriesPoint> piece = piece(); piece != null; piece = piece()) {
            piece.forEach(each);
        }
    }

    /** Null at the end. */
    private List<SeriesPoint> piece() {
        long start = System.nanoTime();
        List<SeriesPoint> piece = readers.read(this::read, nanosLeft);
        nanosLeft -= System.nanoTime() - start;
        return piece;
    }

    private List<SeriesPoint> read(Sql sql) throws SQLException {
        Optional<Sessions.Known> session = Sessions.find(sql, id);
        if (session.isEmpty() || next >= Math.min(session.get().end(), query.before())) {
            return null;
        }
        long row = session.get().row();
        next = Math.max(next, session.get().start());
        long end = Math.min(next + PIECE, Math.min(session.get().end(), query.before()));
        List<SeriesPoint> points = new ArrayList<>();
        sql.each(
                "SELECT id, timestamp, metadata FROM record WHERE id >= ? AND id < ? AND metadata IS NOT NULL ORDER BY id",
                record -> {
                    ObjectNode metadata = Json.doubles(record.getBytes(3));
                    OptionalDouble value = Metrics.find(metadata, query.name());
                    if (value.isPresent()) {
                        double x = query.x() == null
                                ? Double.NaN
                                : Metrics.find(metadata, query.x()).orElse(Double.NaN);
                        points.add(new SeriesPoint(
                                Schema.number(record.getLong(1)),
                                Times.ofMicros(record.getLong(2)),
                                x,
                                value.getAsDouble()));
                    }
                    return true;
                },
                Schema.id(row, next),
                Schema.id(row, end));
        next = end;
        return points;
    }
}
