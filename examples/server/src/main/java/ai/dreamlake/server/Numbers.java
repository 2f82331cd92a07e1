package ai.dreamlake.server;

import java.util.List;
import java.util.stream.LongStream;

/**
 * Consecutive numbers of records in a session.
 *
 * @param start the first one
 * @param count how many they are
 */
record Numbers(long start, int count) {

    long end() {
        return start + count;
    }

    /** The keys of the records that have them. */
    List<String> ids(String session) {
        return LongStream.range(start, end())
                .mapToObj(number -> id(session, number))
                .toList();
    }

    /**
     * The key of a record: it sorts as the numbers do. A record that is stored twice has the same one, and so is stored
     * once.
     */
    static String id(String session, long number) {
        String digits = Long.toString(number);
        return session + "/" + "0".repeat(19 - digits.length()) + digits;
    }
}
