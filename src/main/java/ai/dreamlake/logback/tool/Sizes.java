package ai.dreamlake.logback.tool;

import ch.qos.logback.core.util.Duration;
import ch.qos.logback.core.util.FileSize;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes and durations, as people write and read them. */
final class Sizes {

    private static final String[] UNITS = {"B", "KB", "MB", "GB", "TB", "PB"};
    private static final Pattern SHORT = Pattern.compile("(\\d{1,9})\\s*([smhdw])");

    private Sizes() {}

    static String shown(long bytes) {
        double size = bytes;
        int unit = 0;
        while (size >= 1024 && unit < UNITS.length - 1) {
            size /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, unit == 0 || size >= 100 ? "%.0f %s" : "%.1f %s", size, UNITS[unit]);
    }

    static String count(long count, String thing) {
        return count + " " + thing + (count == 1 ? "" : "s");
    }

    /** Parses a size as Logback writes it ({@code 10GB}), or with a unit of one letter. */
    static long bytes(String text) throws ToolFailure {
        String spelled = text.matches(".*[kKmMgG]") ? text + "B" : text;
        try {
            return FileSize.valueOf(spelled).getSize();
        } catch (IllegalArgumentException wrong) {
            throw ToolFailure.usage(Printable.quoted(text) + " is not a size, such as 500MB or 10GB.");
        }
    }

    /** Parses a duration as Logback writes it ({@code "30 days"}), or a short one: 90s, 15m, 12h, 30d, 4w. */
    static long millis(String text) throws ToolFailure {
        Matcher shortForm = SHORT.matcher(text.strip());
        if (shortForm.matches()) {
            long count = Long.parseLong(shortForm.group(1));
            return count
                    * switch (shortForm.group(2)) {
                        case "s" -> 1_000L;
                        case "m" -> 60_000L;
                        case "h" -> 3_600_000L;
                        case "d" -> 86_400_000L;
                        default -> 7 * 86_400_000L;
                    };
        }
        try {
            return Duration.valueOf(text.strip()).getMilliseconds();
        } catch (IllegalArgumentException | IllegalStateException wrong) {
            throw ToolFailure.usage(Printable.quoted(text) + " is not a duration, such as 12h, 30d or \"30 days\".");
        }
    }
}
