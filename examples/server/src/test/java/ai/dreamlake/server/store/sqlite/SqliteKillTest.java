package ai.dreamlake.server.store.sqlite;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.server.store.Description;
import ai.dreamlake.server.store.Numbers;
import ai.dreamlake.server.store.Page;
import ai.dreamlake.server.store.RecordQuery;
import ai.dreamlake.server.store.StoredRecord;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code -Ddreamlake.kills=20} runs more rounds. */
class SqliteKillTest {

    private static final int KILLS = Integer.getInteger("dreamlake.kills", 3);

    @TempDir
    Path directory;

    @Test
    void everythingAKilledStoreAcknowledgedIsStoredOnce() throws Exception {
        Map<String, Numbers> acknowledged = new HashMap<>();
        for (int kill = 0; kill < KILLS; kill++) {
            int untilNow = acknowledged.size();
            try (StoreChild child = StoreChild.start(directory, Integer.toString(kill))) {
                while (acknowledged.size() < untilNow + 300 + 97 * kill) {
                    add(child.readLine(), acknowledged);
                }
                child.kill();
                for (String line = child.readLine(); line != null; line = child.readLine()) {
                    add(line, acknowledged);
                }
            }
            try (SqliteStore store = new SqliteStore(directory)) {
                check(store, acknowledged);
            }
        }
    }

    /** The last line may be cut off. */
    private static void add(String line, Map<String, Numbers> acknowledged) {
        String[] words = line.split(" ");
        if (words.length == 3) {
            acknowledged.put(words[0], new Numbers(Long.parseLong(words[1]), Integer.parseInt(words[2])));
        }
    }

    private static void check(SqliteStore store, Map<String, Numbers> acknowledged) {
        String user = StoreChild.USER;
        String id = store.upsert(user, "w", Description.named("load")).session().id();
        List<String> messages = new ArrayList<>();
        boolean hasMore = true;
        while (hasMore) {
            Page<StoredRecord> page = store.records(id, RecordQuery.after(messages.size() - 1L, 1000));
            for (StoredRecord record : page.items()) {
                assertThat(record.number()).isEqualTo(messages.size());
                messages.add(record.message());
            }
            hasMore = page.hasMore();
        }
        assertThat(messages).doesNotHaveDuplicates();
        assertThat(store.session(user, id).end()).isEqualTo(messages.size());
        assertThat(store.session(user, id).recordCount()).isEqualTo(messages.size());
        acknowledged.forEach((key, numbers) -> {
            for (int i = 0; i < numbers.count(); i++) {
                assertThat(messages.get((int) numbers.start() + i)).isEqualTo(key + "/" + i);
            }
            assertThat(store.append(user, id, key, StoreChild.batch(key, numbers.count())))
                    .isEqualTo(numbers);
        });
    }
}
