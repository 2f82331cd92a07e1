package ai.dreamlake.server.store.mongo;

import ai.dreamlake.server.store.Level;
import ai.dreamlake.server.store.NewRecord;
import java.time.Clock;
import java.time.Instant;
import java.util.List;

/**
 * The main class of a writer that will be killed. Its arguments are the database's URI, a user, a session, and what to
 * do: {@code write} writes batch after batch; {@code reserve} takes numbers for one batch and stops there. It prints
 * which batches are stored, or which numbers it got.
 */
final class CutOff {

    private CutOff() {}

    static List<NewRecord> batch(int number) {
        return List.of(record(number + "/0"), record(number + "/1"), record(number + "/2"));
    }

    private static NewRecord record(String message) {
        return new NewRecord(Instant.parse("2025-10-29T10:30:00Z"), Level.INFO, message, null);
    }

    static String key(int number) {
        return "key " + number;
    }

    public static void main(String[] arguments) throws Exception {
        String uri = arguments[0];
        String user = arguments[1];
        String session = arguments[2];
        if (arguments[3].equals("reserve")) {
            Database database = new Database(uri);
            Batches batches = new Batches(database, new Sessions(database, Clock.systemUTC()), Clock.systemUTC());
            System.out.println(
                    batches.number(user, session, key(0), batch(0)).numbers().start());
            System.in.read(); // until it is killed
        }
        try (MongoStore store = new MongoStore(uri, Clock.systemUTC())) {
            for (int number = 0; ; number++) {
                store.append(user, session, key(number), batch(number));
                System.out.println(number);
            }
        }
    }
}
