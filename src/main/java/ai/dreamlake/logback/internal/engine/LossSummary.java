package ai.dreamlake.logback.internal.engine;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What an appender reports at its end, if records are lost or not delivered.
 *
 * @param text one line
 * @param isLoss whether records are lost or refused, and not only undelivered
 */
record LossSummary(String text, boolean isLoss) {

    /**
     * @param hasServer whether records must be delivered
     * @param root where undelivered records wait
     * @return null if nothing is lost and nothing waits
     */
    static @Nullable LossSummary of(Counts counts, boolean hasServer, Path root) {
        List<String> reasons = new ArrayList<>();
        long lost = 0;
        for (DropReason reason : DropReason.values()) {
            long records = counts.dropped().getOrDefault(reason, 0L);
            lost += records;
            if (records > 0) {
                reasons.add(reason.name().toLowerCase(Locale.ROOT) + ": " + records);
            }
        }
        List<String> sentences = new ArrayList<>();
        if (lost > 0) {
            sentences.add(
                    "Records lost: " + lost + " of " + counts.accepted() + " (" + String.join(", ", reasons) + ").");
        }
        if (counts.rejected() > 0) {
            sentences.add("Refused by the server, and kept in rejected.jsonl: " + counts.rejected() + ".");
        }
        boolean isLoss = !sentences.isEmpty();
        if (hasServer && counts.pending() > 0) {
            sentences.add("Not delivered yet: " + counts.pending() + " of " + counts.accepted() + "; they wait in "
                    + root + " for the next start."
                    + (counts.lastError() == null ? "" : " Last error: " + counts.lastError()));
        }
        return sentences.isEmpty() ? null : new LossSummary(String.join(" ", sentences), isLoss);
    }
}
