package ai.dreamlake.logback.documentation;

import ai.dreamlake.logback.support.SessionOnDisk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A page of the documentation, in Markdown. */
record Page(Path file, String text) {

    static final Path REPOSITORY =
            Path.of(System.getProperty("basedir", ".")).toAbsolutePath().normalize();

    private static final Pattern FENCED =
            Pattern.compile("^```(\\w*)\\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);
    private static final Pattern HEADING = Pattern.compile("^#+ (.*)$", Pattern.MULTILINE);
    private static final Pattern LINK = Pattern.compile("]\\(([^)\\s]+)\\)");

    /** A block of code between fences. */
    record Block(String page, String language, String code) {
        @Override
        public String toString() {
            return page + ": " + code.strip().lines().findFirst().orElse("");
        }
    }

    static Page of(String path) {
        Path file = REPOSITORY.resolve(path);
        return new Page(file, SessionOnDisk.text(file));
    }

    static Page readme() {
        return of("README.md");
    }

    /** The README, and all pages of the site. */
    static List<Page> all() {
        try (Stream<Path> files = Files.list(REPOSITORY.resolve("src/site/markdown"))) {
            return Stream.concat(
                            Stream.of(readme()),
                            files.sorted(Comparator.naturalOrder())
                                    .map(file -> of(REPOSITORY.relativize(file).toString())))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<Block> blocks(String language) {
        return all().stream()
                .flatMap(page -> page.blocks().stream())
                .filter(block -> block.language().equals(language))
                .toList();
    }

    List<Block> blocks() {
        return FENCED.matcher(text)
                .results()
                .map(fenced -> new Block(file.getFileName().toString(), fenced.group(1), fenced.group(2)))
                .toList();
    }

    /** Text, with tables, but without blocks of code. */
    String prose() {
        return FENCED.matcher(text).replaceAll("");
    }

    List<String> links() {
        return LINK.matcher(prose()).results().map(link -> link.group(1)).toList();
    }

    /** As GitHub and Maven's site make them of headings. */
    Set<String> anchors() {
        return HEADING.matcher(prose())
                .results()
                .map(heading -> heading.group(1)
                        .toLowerCase(Locale.ROOT)
                        .replaceAll("[^\\p{L}\\p{N} _-]", "")
                        .replace(' ', '-'))
                .collect(Collectors.toSet());
    }

    /** The cells of each row of each table after a heading, up to the next heading. */
    List<List<String>> table(String heading) {
        int start = text.indexOf("\n" + heading + "\n");
        if (start < 0) {
            throw new AssertionError(file + " has no heading " + heading);
        }
        String section = text.substring(start + heading.length() + 1).split("(?m)^#", 2)[0];
        List<List<String>> rows = new ArrayList<>();
        section.lines()
                .filter(line -> line.startsWith("| ") && !line.startsWith("| property |"))
                .forEach(line -> rows.add(Stream.of(line.substring(1).split("(?<!\\\\)\\|"))
                        .map(String::strip)
                        .toList()));
        return rows;
    }
}
