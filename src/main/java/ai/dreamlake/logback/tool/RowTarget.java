package ai.dreamlake.logback.tool;

import java.io.IOException;
import java.util.Map;

/** Receives rows of named values, one after the other. */
interface RowTarget {

    void row(Map<String, FieldValue> row) throws IOException;
}
