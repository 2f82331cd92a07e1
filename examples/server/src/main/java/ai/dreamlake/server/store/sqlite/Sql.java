package ai.dreamlake.server.store.sqlite;

import ai.dreamlake.server.store.Condition;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A connection that keeps its statements prepared. For one thread at a time. */
final class Sql implements AutoCloseable {

    private final Connection connection;
    private final Map<String, PreparedStatement> prepared = new HashMap<>();

    /** Null until conditions are first used. */
    private Conditions conditions;

    /** @param connection is closed with this */
    Sql(Connection connection) {
        this.connection = connection;
    }

    /** Converts a row to an object. */
    interface Row<T> {
        T read(ResultSet row) throws SQLException;
    }

    /** Tells after each row whether it wants more. */
    interface Visitor {
        boolean visit(ResultSet row) throws SQLException;
    }

    private PreparedStatement statement(String sql, Object... values) throws SQLException {
        PreparedStatement statement = prepared.get(sql);
        if (statement == null) {
            statement = connection.prepareStatement(sql);
            prepared.put(sql, statement); // there are few different statements, so all are kept
        }
        for (int i = 0; i < values.length; i++) {
            statement.setObject(i + 1, values[i]);
        }
        return statement;
    }

    /** The driver cannot reuse a statement that failed. */
    private void forget(String sql) throws SQLException {
        PreparedStatement statement = prepared.remove(sql);
        if (statement != null) {
            statement.close();
        }
    }

    /** Returns the number of changed rows. */
    int update(String sql, Object... values) throws SQLException {
        try {
            return statement(sql, values).executeUpdate();
        } catch (SQLException failure) {
            forget(sql);
            throw failure;
        }
    }

    void each(String sql, Visitor visitor, Object... values) throws SQLException {
        try (ResultSet rows = statement(sql, values).executeQuery()) {
            boolean wantsMore = true;
            while (wantsMore && rows.next()) {
                wantsMore = visitor.visit(rows);
            }
        } catch (SQLException failure) {
            forget(sql);
            throw failure;
        }
    }

    <T> Optional<T> one(String sql, Row<T> row, Object... values) throws SQLException {
        List<T> first = new ArrayList<>(1);
        each(
                sql,
                found -> {
                    first.add(row.read(found));
                    return false;
                },
                values);
        return first.stream().findFirst();
    }

    <T> List<T> all(String sql, Row<T> row, Object... values) throws SQLException {
        List<T> all = new ArrayList<>();
        each(sql, found -> all.add(row.read(found)), values);
        return all;
    }

    /** Sets the conditions that {@link Conditions#NAME} checks in the next statement. */
    void conditions(List<Condition> wanted) throws SQLException {
        if (conditions == null) {
            conditions = Conditions.of(connection);
        }
        conditions.want(wanted);
    }

    /** The value in the only row's only column; 0 if that is null. */
    long number(String sql, Object... values) throws SQLException {
        return one(sql, row -> row.getLong(1), values).orElse(0L);
    }

    /** Runs statements that have no parameters and are not worth keeping. */
    void execute(String... statements) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    void commit() throws SQLException {
        connection.commit();
    }

    /**
     * After some failures SQLite has already rolled back by itself. The driver does not know it, so it gets an empty
     * transaction to roll back.
     */
    void rollback() throws SQLException {
        try {
            connection.rollback();
        } catch (SQLException undoneAlready) {
            execute("BEGIN");
            connection.rollback();
        }
    }

    /** Null if the column is null. */
    static Long longOrNull(ResultSet row, String column) throws SQLException {
        long value = row.getLong(column);
        return row.wasNull() ? null : (Long) value;
    }

    @Override
    public void close() throws SQLException {
        for (PreparedStatement statement : prepared.values()) {
            statement.close();
        }
        prepared.clear();
        connection.close();
    }
}
