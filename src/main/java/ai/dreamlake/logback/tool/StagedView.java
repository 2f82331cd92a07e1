package ai.dreamlake.logback.tool;

import ai.dreamlake.logback.internal.journal.SessionState;
import ai.dreamlake.logback.internal.journal.SessionState.StagedTail;
import ai.dreamlake.logback.internal.record.LineFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The records that processes have staged: they are durable, but not in a log yet. A live process writes them to the log
 * within milliseconds; those of a dead one wait for the next start. So a record is shown if it is still staged at the
 * second poll, and not again when it arrives in the log. Holds no more than the tails do.
 */
final class StagedView {

    private final FoundSession session;
    private Map<ByteBuffer, Integer> before = new HashMap<>();

    /** How often each record was shown that is not in the log yet. */
    private final Map<ByteBuffer, Integer> shown = new HashMap<>();

    StagedView(FoundSession session) {
        this.session = session;
    }

    /** Everything that is staged now. */
    List<byte[]> all() throws IOException {
        List<byte[]> records = new ArrayList<>();
        for (StagedTail tail : SessionState.tails(session.directory(), session.name())) {
            records.addAll(tail.records());
        }
        return records;
    }

    /** Marks records that were shown, or are not to be. */
    void setShown(List<byte[]> records) {
        records.forEach(record -> shown.merge(ByteBuffer.wrap(record), 1, Integer::sum));
    }

    /** The records to show now. Call this after the log was read. */
    List<byte[]> poll() throws IOException {
        Map<ByteBuffer, Integer> now = new HashMap<>();
        List<byte[]> fresh = new ArrayList<>();
        for (byte[] record : all()) {
            ByteBuffer key = ByteBuffer.wrap(record);
            int count = now.merge(key, 1, Integer::sum);
            if (count <= before.getOrDefault(key, 0) && count > shown.getOrDefault(key, 0)) {
                shown.put(key, count);
                fresh.add(record);
            }
        }
        before = now;
        return fresh;
    }

    /** Whether a line of the log was already shown when it was staged. */
    boolean wasShown(LineReader.Line line) {
        if (shown.isEmpty() || !line.isWhole()) {
            return false;
        }
        ByteBuffer key = ByteBuffer.wrap(LineFormat.withoutNumber(line.bytes()));
        if (!shown.containsKey(key)) {
            return false;
        }
        shown.computeIfPresent(key, (record, count) -> count == 1 ? null : count - 1);
        before.computeIfPresent(key, (record, count) -> count == 1 ? null : count - 1);
        return true;
    }
}
