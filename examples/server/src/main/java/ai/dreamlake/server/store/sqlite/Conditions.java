package ai.dreamlake.server.store.sqlite;

import ai.dreamlake.server.store.Condition;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.sqlite.Function;
import tools.jackson.databind.node.ObjectNode;

/**
 * An SQLite function that tells whether metadata matches. SQLite's own JSON functions would treat names with dots and
 * quotes, and large numbers, differently. For one connection, and so for one thread at a time.
 */
final class Conditions extends Function {

    /** Its name in SQL. Its argument is the text of the metadata. */
    static final String NAME = "fits";

    private List<Condition> wanted = List.of();

    private Conditions() {}

    static Conditions of(Connection connection) throws SQLException {
        Conditions conditions = new Conditions();
        Function.create(connection, NAME, conditions, 1, 0);
        return conditions;
    }

    /** Sets the conditions for the following calls. */
    void want(List<Condition> conditions) {
        wanted = conditions;
    }

    @Override
    protected void xFunc() throws SQLException {
        ObjectNode metadata = Json.doubles(value_blob(0));
        result(wanted.stream().allMatch(condition -> condition.fits(metadata)) ? 1 : 0);
    }
}
