package ai.dreamlake.logback.tool;

import ai.dreamlake.logback.internal.record.RecordLevel;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * Decides which records are shown.
 *
 * @param level the lowest level that is shown; null: all levels
 * @param pattern found somewhere in the message or the metadata; null: anything
 * @param since the time of the earliest record that is shown; null: any time
 */
record RecordFilter(
        @Nullable RecordLevel level,
        @Nullable Pattern pattern,
        @Nullable Instant since) {

    /** Creates a filter from options of the command line. */
    static RecordFilter of(@Nullable RecordLevel level, @Nullable String pattern, @Nullable String since)
            throws ToolFailure {
        try {
            return new RecordFilter(
                    level,
                    pattern == null ? null : Pattern.compile(pattern),
                    since == null ? null : time(since, Instant.now()));
        } catch (PatternSyntaxException wrong) {
            throw ToolFailure.usage("--grep " + Printable.quoted(wrong.getPattern()) + " is not a regular expression: "
                    + wrong.getDescription() + ".");
        }
    }

    /** Parses a moment, a day, or a duration before now. Without a zone, it is UTC, as in the timestamps of records. */
    static Instant time(String text, Instant now) throws ToolFailure {
        try {
            if (text.matches("\\d{4}-\\d\\d-\\d\\d")) {
                return LocalDate.parse(text).atStartOfDay().toInstant(ZoneOffset.UTC);
            }
            if (text.matches("\\d{4}-.*")) {
                String moment = text.replace(' ', 'T');
                return moment.matches(".*(Z|[+-]\\d\\d:\\d\\d)")
                        ? OffsetDateTime.parse(moment).toInstant()
                        : LocalDateTime.parse(moment).toInstant(ZoneOffset.UTC);
            }
            if (!text.matches("\\d*")) { // or milliseconds would be meant
                return now.minusMillis(Sizes.millis(text));
            }
        } catch (DateTimeException | ToolFailure wrong) {
            // One message for all of them, below.
        }
        throw ToolFailure.usage(Printable.quoted(text)
                + " is not a time, such as 15m, 2h or 3d ago, 2026-01-31 or 2026-01-31T10:30:00Z.");
    }

    boolean isEmpty() {
        return level == null && pattern == null && since == null;
    }

    boolean accepts(LogRecord record) {
        if (level != null && level(record).compareTo(level) < 0) {
            return false;
        }
        Instant time = since == null ? null : record.time();
        if (since != null && time != null && time.isBefore(since)) {
            return false;
        }
        return pattern == null
                || pattern.matcher(record.message()).find()
                || pattern.matcher(record.metadata().toString()).find();
    }

    /** An unknown level, from another program, counts as {@code info}. */
    private static RecordLevel level(LogRecord record) {
        for (RecordLevel known : RecordLevel.values()) {
            if (known.text().equals(record.level().toLowerCase(Locale.ROOT))) {
                return known;
            }
        }
        return RecordLevel.INFO;
    }
}
