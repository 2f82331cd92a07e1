package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.io.AtomicFile;
import ai.dreamlake.logback.internal.io.FileIdentity;
import ai.dreamlake.logback.internal.record.LineFormat;
import ai.dreamlake.logback.internal.session.SessionName;
import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The layout of a session's directory. No other class knows a path or a file name.
 *
 * <pre>
 *   &lt;localPath&gt;/&lt;workspace&gt;/&lt;session&gt;/
 *     session.json                             the description
 *     parameters.json                          the parameters of a Python run, which we only read
 *     session.json.damaged                     a description that was not a JSON object
 *     logs/logs.jsonl                          the log that records are appended to
 *     logs/logs.0000000000000001234.jsonl      a segment of a spool: ends with record 1233
 *     logs/logs.jsonl.tail                     what a process has staged; also logs.jsonl.tail.1 and so on
 *     logs/logs.jsonl.torn                     damage found after the last record
 *     logs/.log_sequence                       the next number, for the Python SDK
 *     logs/.log_sequence.lock                  the lock of writers
 *     logs/.upload                             how far the log is acknowledged
 *     logs/.upload.lock                        the lock of uploaders
 *     logs/.upload.lost                        a segment given up while an older one is being sent
 *     logs/.writer                             which process writes; also .writer.1 and so on
 *     logs/rejected.jsonl                      records that the server refused permanently
 * </pre>
 *
 * @param path the session's own directory
 */
public record SessionDirectory(Path path) {

    private static final Pattern TAIL = Pattern.compile("logs\\.jsonl\\.tail(\\.\\d+)?");
    private static final Pattern MARK = Pattern.compile("\\.writer(\\.\\d+)?");
    private static final Pattern SEGMENT = Pattern.compile("logs\\.(\\d{19})\\.jsonl");

    /** The directory of a session, by its name on disk. */
    public static SessionDirectory of(Path root, SessionName name) {
        return new SessionDirectory(root.resolve(name.workspace()).resolve(name.session()));
    }

    /** The name of the session that would have this path below the root; null if the path is too short for one. */
    public static @Nullable SessionName nameOf(Path relative) {
        int depth = relative.getNameCount();
        if (depth < 2) {
            return null;
        }
        String session = relative.subpath(1, depth)
                .toString()
                .replace(relative.getFileSystem().getSeparator(), "/");
        return new SessionName(relative.getName(0).toString(), session);
    }

    /**
     * Checks that no link leads out of the root.
     *
     * @param name the session's name on disk, which determines how far below the root this directory is
     * @throws IOException if one of the directories below the root is a link
     */
    public void requireNoLinks(SessionName name) throws IOException {
        int left = 1 + Path.of(name.workspace(), name.session()).getNameCount();
        for (Path directory = logs(); left > 0 && directory != null; directory = directory.getParent(), left--) {
            if (Files.isSymbolicLink(directory)) {
                throw new IOException(directory + " is a link, which is not followed");
            }
        }
    }

    public Path description() {
        return path.resolve("session.json");
    }

    /** What the Python SDK writes when a run has parameters. */
    public Path parameters() {
        return path.resolve("parameters.json");
    }

    Path damagedDescription() {
        return path.resolve("session.json.damaged");
    }

    public Path logs() {
        return path.resolve("logs");
    }

    private Path inLogs(String name) {
        return logs().resolve(name);
    }

    public File log() {
        return inLogs("logs.jsonl").toFile();
    }

    public File torn() {
        return inLogs("logs.jsonl.torn").toFile();
    }

    /** Whether any process has staged something here, as far as can be read. */
    public boolean hasTails() {
        try {
            return !tails(null).isEmpty();
        } catch (IOException unreadable) {
            return false;
        }
    }

    /**
     * The tails of all processes, except one.
     *
     * @throws IOException if the directory cannot be read
     */
    List<File> tails(@Nullable File except) throws IOException {
        return inLogs(TAIL, except);
    }

    /**
     * The marks of all processes, except one.
     *
     * @throws IOException if the directory cannot be read
     */
    List<File> marks(@Nullable File except) throws IOException {
        return inLogs(MARK, except);
    }

    private List<File> inLogs(Pattern pattern, @Nullable File except) throws IOException {
        return namesInLogs().stream()
                .filter(name -> pattern.matcher(name).matches())
                .map(name -> inLogs(name).toFile())
                .filter(file -> !file.equals(except))
                .sorted()
                .toList();
    }

    /** Empty if there is no directory for logs. Unlike {@link File#list}, it reports why it fails. */
    private List<String> namesInLogs() throws IOException {
        return list(logs()).stream().map(file -> file.getFileName().toString()).toList();
    }

    /**
     * The content of a directory; empty if it does not exist.
     *
     * @throws IOException if it cannot be read, or if it is something else, such as a pipe: opening a pipe would wait
     *     forever
     */
    static List<Path> list(Path directory) throws IOException {
        BasicFileAttributes attributes = FileIdentity.attributes(directory);
        if (attributes == null) {
            return List.of();
        }
        if (!attributes.isDirectory()) {
            throw new NotDirectoryException(directory.toString());
        }
        List<Path> content = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
            files.forEach(content::add);
        } catch (NoSuchFileException goneMeanwhile) {
            return List.of();
        } catch (DirectoryIteratorException failed) {
            throw failed.getCause();
        }
        return content;
    }

    /** An unused name for the tail of another process. */
    File unusedTail() {
        return unused("logs.jsonl.tail");
    }

    /** An unused name for the mark of another process. */
    File unusedMark() {
        return unused(".writer");
    }

    private File unused(String name) {
        File file = inLogs(name).toFile();
        for (int i = 1; Files.exists(file.toPath(), LinkOption.NOFOLLOW_LINKS); i++) {
            file = inLogs(name + "." + i).toFile();
        }
        return file;
    }

    public File sequenceHint() {
        return inLogs(".log_sequence").toFile();
    }

    Path lock() {
        return inLogs(".log_sequence.lock");
    }

    public Path checkpoint() {
        return inLogs(".upload");
    }

    public Path uploadLock() {
        return inLogs(".upload.lock");
    }

    public Path lostSegment() {
        return inLogs(".upload.lost");
    }

    public File rejectedRecords() {
        return inLogs("rejected.jsonl").toFile();
    }

    /** The name that the log gets as a segment, if its next record would have this number. */
    Path segmentBefore(long number) {
        return inLogs(String.format(Locale.ROOT, "logs.%019d.jsonl", number));
    }

    /**
     * The segments, oldest first; empty if there is no directory for logs.
     *
     * @throws IOException if the directory cannot be read
     */
    public List<Segment> segments() throws IOException {
        return namesInLogs().stream()
                .map(SEGMENT::matcher)
                .filter(Matcher::matches)
                .map(name -> new Segment(inLogs(name.group()).toFile(), end(name.group(1))))
                .sorted(Comparator.comparingLong(Segment::end).thenComparing(Segment::file))
                .toList();
    }

    /** The lock files of writers, of uploaders, and of the Python SDK's {@code session.json}. */
    boolean isLockFile(Path file) {
        return Set.of(lock(), uploadLock(), path.resolve(".session.lock")).contains(file);
    }

    /**
     * The log, and the files that are useless without it. {@link SessionDeletion} explains the order in which they are
     * deleted.
     */
    List<Path> filesOfLog() {
        return List.of(
                log().toPath(),
                sequenceHint().toPath(),
                AtomicFile.temporary(description()),
                description(),
                AtomicFile.temporary(checkpoint()),
                checkpoint());
    }

    /** The files whose content is kept nowhere else: damage, and records that the server refuses. */
    List<Path> filesSetAside() {
        return List.of(torn().toPath(), rejectedRecords().toPath(), damagedDescription());
    }

    /** Whether this is a segment of a spool, or a process's tail. */
    boolean isSegmentOrTail(Path file) {
        String name = file.getFileName().toString();
        return logs().equals(file.getParent())
                && (TAIL.matcher(name).matches() || SEGMENT.matcher(name).matches());
    }

    boolean isMark(Path file) {
        return logs().equals(file.getParent())
                && MARK.matcher(file.getFileName().toString()).matches();
    }

    /** The directories for content other than logs. The Python SDK creates them when it opens a session. */
    boolean isForTracksOrFiles(Path directory) {
        return Set.of(path.resolve("tracks"), path.resolve("files")).contains(directory);
    }

    private static long end(String digits) {
        try {
            long end = Long.parseLong(digits);
            return LineFormat.isNumber(end) ? end : 0;
        } catch (NumberFormatException tooLarge) {
            return 0;
        }
    }
}
