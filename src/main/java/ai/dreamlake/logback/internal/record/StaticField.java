package ai.dreamlake.logback.internal.record;

import java.util.Arrays;

/**
 * An entry of metadata that is the same in all records.
 *
 * @param encoded name and value, as they stand in a record; not copied
 */
@SuppressWarnings("ArrayRecordComponent") // nobody compares these
record StaticField(String name, byte[] encoded) {

    static StaticField of(String name, String value) {
        JsonBuffer buffer = new JsonBuffer();
        buffer.string(name);
        buffer.raw(": ");
        buffer.string(value);
        return new StaticField(name, Arrays.copyOf(buffer.bytes(), buffer.length()));
    }
}
