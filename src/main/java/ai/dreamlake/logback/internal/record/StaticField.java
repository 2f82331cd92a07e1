package ai.dreamlake.logback.internal.record;

import java.util.Arrays;

/**
 * A metadata entry that is the same in all records.
 *
 * @param encoded name and value, as they are written in a record; not copied
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
