package ai.dreamlake.logback.internal.journal;

import java.io.File;
import java.io.IOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A part of a log that no record is appended to any more: {@code logs.0000000000000001234.jsonl} ends with record 1233.
 *
 * @param end the number behind its last record
 */
public record SealedLog(File file, long end) {

    private static final Pattern NAME = Pattern.compile("logs\\.(\\d{19})\\.jsonl");

    static File of(File directory, long end) {
        return new File(directory, String.format(java.util.Locale.ROOT, "logs.%019d.jsonl", end));
    }

    /**
     * Those in a session's directory for logs, the oldest first; none if there is no such directory.
     *
     * @throws IOException if the directory cannot be read
     */
    public static List<SealedLog> in(File directory) throws IOException {
        String[] names = directory.list();
        if (names == null && directory.exists()) {
            throw new IOException("cannot read " + directory);
        }
        if (names == null) {
            return List.of();
        }
        return Arrays.stream(names)
                .map(NAME::matcher)
                .filter(Matcher::matches)
                .map(name -> new SealedLog(new File(directory, name.group()), Long.parseLong(name.group(1))))
                .sorted(Comparator.comparingLong(SealedLog::end))
                .toList();
    }
}
