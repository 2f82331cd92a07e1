package ai.dreamlake.server.store.sqlite;

import ai.dreamlake.server.store.Histogram;
import ai.dreamlake.server.store.Level;
import ai.dreamlake.server.store.RecordFilter;
import ai.dreamlake.server.store.RecordQuery;
import ai.dreamlake.server.store.RecordQuery.Order;
import ai.dreamlake.server.store.sqlite.Sessions.Known;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * Decides how to find the records of a query. SQLite has no statistics that distinguish a session with three errors
 * from one with a million. We count them, so this class decides which index SQLite uses.
 */
final class Plan {

    /** Fetching a record through an index costs this much more than looking at the next record. */
    private static final long FETCH = 3;

    /** SQLite's LIKE takes 50,000 bytes. Longer texts are searched for in a slower way. */
    private static final int MAX_PATTERN = 10_000;

    private final Sql sql;
    private final Known session;
    private final RecordQuery query;
    private final RecordFilter filter;
    private final String folded;

    /** The first and the last number that may match. */
    private final long lowest;

    private final long highest;

    /** Null if all records of the session lie within the limit. */
    private final Long from;

    private final Long to;

    /** The levels that match; empty if all do. */
    private final List<Level> levels;

    Plan(Sql sql, Known session, RecordQuery query) {
        this.sql = sql;
        this.session = session;
        this.query = query;
        filter = query.filter();
        folded = filter.search() == null ? null : Fold.fold(filter.search());
        lowest = Math.max(filter.after() == Long.MAX_VALUE ? Long.MAX_VALUE : filter.after() + 1, session.start());
        highest = Math.min(filter.before() == Long.MIN_VALUE ? Long.MIN_VALUE : filter.before() - 1, session.end() - 1);
        from = isWithout(session.session().firstRecordAt(), filter.from(), true) ? null : micros(filter.from(), true);
        to = isWithout(session.session().lastRecordAt(), filter.to(), false) ? null : micros(filter.to(), false);
        levels = filter.levels().size() == Level.values().length
                ? List.of()
                : filter.levels().stream().sorted().toList();
    }

    private static boolean isWithout(Instant extreme, Instant limit, boolean isLower) {
        return limit == null || extreme != null && (isLower ? !extreme.isBefore(limit) : !extreme.isAfter(limit));
    }

    private static long micros(Instant limit, boolean isLower) {
        return isLower ? Times.microsFrom(limit) : Times.micros(limit);
    }

    /** Whether the records' numbers alone determine the result, so that no other record is read. */
    static boolean isDirect(RecordQuery query) {
        RecordFilter filter = query.filter();
        return query.order() == Order.NUMBER
                && filter.levels().isEmpty()
                && filter.from() == null
                && filter.to() == null
                && filter.search() == null
                && filter.conditions().isEmpty();
    }

    /** How the records are found. */
    enum Path {
        /** All records, one after the other. */
        RECORDS("NOT INDEXED"),
        /** By the index of times. */
        TIMES("INDEXED BY record_time"),
        /** By the index of levels. */
        LEVELS("INDEXED BY record_level");

        private final String hint;

        Path(String hint) {
            this.hint = hint;
        }
    }

    /** The ids of the requested records in order, and one more id if there are more. */
    List<Long> ids() throws SQLException {
        long most = Math.min((long) query.limit() + 1, Integer.MAX_VALUE);
        if (lowest > highest) {
            return List.of();
        }
        boolean isAll = levels.isEmpty() && from == null && to == null && !isRead();
        if (isAll && query.order() == Order.NUMBER) {
            // Without gaps, the numbers give the position of every record.
            long count = Math.max(0, Math.min(most, highest - lowest + 1 - query.offset()));
            LongStream numbers = LongStream.range(0, count)
                    .map(i -> query.descending() ? highest - query.offset() - i : lowest + query.offset() + i);
            return numbers.mapToObj(number -> Schema.id(session.row(), number)).toList();
        }
        return search(path(false), most);
    }

    /** Whether the record's contents decide, so that it must be read. */
    private boolean isRead() {
        return folded != null || !filter.conditions().isEmpty();
    }

    /**
     * The cheapest path.
     *
     * @param isCounted whether both the time and the level of each record are needed, and the order does not matter
     */
    Path path(boolean isCounted) throws SQLException {
        List<Path> possible = new ArrayList<>(List.of(Path.RECORDS));
        if (from != null || to != null || query.order() == Order.TIMESTAMP) {
            possible.add(Path.TIMES);
        }
        if (!levels.isEmpty()) {
            possible.add(Path.LEVELS);
        }
        long records = highest - lowest + 1;
        long inTime = from == null && to == null ? records : countInTime(records);
        long ofLevel = levels.isEmpty()
                ? records
                : Math.min(
                        records,
                        levels.stream()
                                .mapToLong(
                                        level -> session.session().levelCounts().getOrDefault(level, 0L))
                                .sum());
        return possible.stream()
                .min(Comparator.comparingLong(path -> cost(path, isCounted, records, inTime, ofLevel)))
                .orElseThrow();
    }

    /**
     * How many records are in the time range; all of them if there are many. Looks at a third of the records at most.
     */
    private long countInTime(long records) throws SQLException {
        long most = records / FETCH + 1;
        long count = sql.number(
                "SELECT count(*) FROM (SELECT 1 FROM record INDEXED BY record_time"
                        + " WHERE session = ? AND timestamp BETWEEN ? AND ? LIMIT ?)",
                session.row(),
                earliest(),
                latest(),
                most);
        return count < most ? count : records;
    }

    private long earliest() {
        return from == null ? Long.MIN_VALUE : from;
    }

    private long latest() {
        return to == null ? Long.MAX_VALUE : to;
    }

    /** The estimated cost, in records looked at. */
    private long cost(Path path, boolean isCounted, long records, long inTime, long ofLevel) {
        boolean isFetched = isRead()
                || isCounted && path != Path.RECORDS
                || path == Path.TIMES && !levels.isEmpty()
                || path == Path.LEVELS && (from != null || to != null || query.order() == Order.TIMESTAMP);
        long all = switch (path) {
            case RECORDS -> records;
            case TIMES -> inTime;
            case LEVELS -> ofLevel;
        };
        boolean isInOrder = switch (path) {
            case RECORDS -> query.order() == Order.NUMBER;
            case TIMES -> query.order() == Order.TIMESTAMP;
            case LEVELS -> query.order() == Order.NUMBER && levels.size() == 1;
        };
        long visits = all;
        if (isInOrder && !isRead() && !isCounted) {
            // The search ends as soon as it has enough. This assumes that matching records are spread evenly.
            double fitting = (double) inTime / records * ofLevel;
            visits = (long) Math.min(all, (query.offset() + query.limit() + 1.0) * all / Math.max(1, fitting));
        }
        return visits * (isFetched ? FETCH : 1);
    }

    /** The number of matching records per level and time span. */
    Histogram histogram(int most) throws SQLException {
        long first = filter.from() == null ? extreme("ASC") : micros(filter.from(), true);
        long last = filter.to() == null ? extreme("DESC") : micros(filter.to(), false);
        if (session.start() == session.end() || first > last) {
            return Histogram.EMPTY;
        }
        Histogram.Counter counter = new Histogram.Counter(Times.ofMicros(first), Times.ofMicros(last), most);
        if (lowest <= highest) {
            count(counter, first);
        }
        return counter.done();
    }

    /** The time of the earliest or the latest stored record; 0 if there is none. */
    private long extreme(String order) throws SQLException {
        return sql.number(
                "SELECT timestamp FROM record INDEXED BY record_time WHERE session = ? ORDER BY timestamp " + order
                        + " LIMIT 1",
                session.row());
    }

    private void count(Histogram.Counter counter, long first) throws SQLException {
        List<Object> values = new ArrayList<>(List.of(first, counter.width()));
        // Level and span in one number, because SQLite sorts the groups, which takes most of the time.
        StringBuilder text = new StringBuilder("SELECT (timestamp - ?) / ? * ").append(Level.values().length);
        text.append(" + level AS both, count(*) FROM record ");
        where(path(true), text, values);
        text.append(" GROUP BY both");
        sql.each(
                text.toString(),
                row -> {
                    int both = row.getInt(1);
                    Level level = Level.values()[both % Level.values().length];
                    counter.add(both / Level.values().length, level, row.getLong(2));
                    return true;
                },
                values.toArray());
    }

    private List<Long> search(Path path, long most) throws SQLException {
        List<Object> values = new ArrayList<>();
        StringBuilder text = new StringBuilder("SELECT id FROM record ");
        where(path, text, values);
        Stream<String> order = query.order() == Order.NUMBER ? Stream.of("id") : Stream.of("timestamp", "id");
        text.append(order.map(column -> query.descending() ? column + " DESC" : column)
                .collect(Collectors.joining(", ", " ORDER BY ", "")));
        text.append(" LIMIT ? OFFSET ?");
        values.add(most);
        values.add(query.offset());
        return sql.all(text.toString(), row -> row.getLong(1), values.toArray());
    }

    /** Adds the conditions, and the index for the path. */
    private void where(Path path, StringBuilder text, List<Object> values) throws SQLException {
        text.append(path.hint);
        text.append(" WHERE id BETWEEN ? AND ?");
        values.add(Schema.id(session.row(), lowest));
        values.add(Schema.id(session.row(), highest));
        if (path != Path.RECORDS) {
            text.append(" AND session = ?");
            values.add(session.row());
        }
        if (from != null || to != null) {
            text.append(" AND timestamp BETWEEN ? AND ?");
            values.add(earliest());
            values.add(latest());
        }
        if (!levels.isEmpty()) {
            // Five at most, so there are few different statements.
            text.append(levels.stream().map(level -> "?").collect(Collectors.joining(", ", " AND level IN (", ")")));
            levels.forEach(level -> values.add(level.ordinal()));
        }
        if (folded != null) {
            String pattern = Fold.pattern(folded);
            boolean isShort = pattern.length() <= MAX_PATTERN;
            text.append(" AND CASE WHEN folded IS NOT NULL THEN instr(folded, ?) ELSE ");
            text.append(isShort ? "message LIKE ? ESCAPE '\\' END" : "instr(lower(message), ?) END");
            values.add(folded);
            values.add(isShort ? pattern : folded);
        }
        if (!filter.conditions().isEmpty()) {
            sql.conditions(filter.conditions());
            text.append(" AND metadata IS NOT NULL AND ")
                    .append(Conditions.NAME)
                    .append("(metadata)");
        }
    }
}
