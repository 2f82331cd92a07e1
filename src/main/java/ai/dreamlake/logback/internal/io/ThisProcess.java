package ai.dreamlake.logback.internal.io;

import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Describes this process for people. Arguments are left out because they may contain secrets. */
public final class ThisProcess {

    private static final int MAX_READ = 64 * 1024;
    private static final Pattern LINK = Pattern.compile("gitdir: ([^\\r\\n]+)\\R?");
    private static final Pattern HEAD = Pattern.compile("ref: (refs/\\S+)");
    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40,64}");

    private ThisProcess() {}

    /** The name of the machine or the container. */
    public static String host() {
        String name = text(new File("/proc/sys/kernel/hostname")).strip();
        for (String variable : new String[] {"HOSTNAME", "COMPUTERNAME"}) {
            String value = System.getenv(variable);
            name = name.isEmpty() && value != null ? value : name;
        }
        return name.isEmpty() ? "localhost" : name;
    }

    /** The versions of Java and the JVM, and the operating system. */
    public static String java() {
        return System.getProperty("java.version") + ", " + System.getProperty("java.vm.name") + ", "
                + System.getProperty("os.name") + " " + System.getProperty("os.arch");
    }

    /** The main class or the jar that was started; empty if unknown. */
    public static String command() {
        return withoutArguments(System.getProperty("sun.java.command", ""));
    }

    /** @param command a main class or a jar, and its arguments, which may contain line feeds */
    static String withoutArguments(String command) {
        return command.strip().split("\\s", 2)[0];
    }

    /** The working directory. */
    public static String directory() {
        return System.getProperty("user.dir", "");
    }

    /** The current commit of the working directory's Git repository; null if unknown. */
    public static @Nullable String revision() {
        return revisionOf(new File(directory()).getAbsoluteFile());
    }

    /** Asks only the innermost repository around a directory: an outer one has another project's commit. */
    static @Nullable String revisionOf(File workingDirectory) {
        for (File directory = workingDirectory; directory != null; directory = directory.getParentFile()) {
            File git = new File(directory, ".git");
            if (git.exists()) {
                return revision(repository(git));
            }
        }
        return null;
    }

    /** The repository itself. In a linked working tree or a submodule, {@code .git} is a file that leads to it. */
    private static File repository(File git) {
        Matcher link = LINK.matcher(git.isFile() ? text(git) : "");
        return link.matches() ? resolve(git.getParentFile(), link.group(1)) : git;
    }

    private static File resolve(File directory, String path) {
        File file = new File(path);
        return file.isAbsolute() ? file : new File(directory, path);
    }

    /**
     * Follows gitrepository-layout(5): HEAD contains a commit, or names a ref whose commit is in a file or in
     * packed-refs. Linked working trees share these, in the directory that commondir names.
     */
    static @Nullable String revision(File git) {
        String commit = text(new File(git, "HEAD")).strip();
        Matcher branch = HEAD.matcher(commit);
        if (branch.matches()) {
            String common = text(new File(git, "commondir")).strip();
            File shared = common.isEmpty() ? git : resolve(git, common);
            commit = text(new File(shared, branch.group(1))).strip();
            Matcher packed = Pattern.compile("(?m)^([0-9a-f]+) " + Pattern.quote(branch.group(1)) + "$")
                    .matcher(text(new File(shared, "packed-refs")));
            commit = commit.isEmpty() && packed.find() ? packed.group(1) : commit;
        }
        return COMMIT.matcher(commit.toLowerCase(Locale.ROOT)).matches() ? commit : null;
    }

    /** The beginning of a small file; empty if it cannot be read. */
    static String text(File file) {
        try (InputStream in = new FileInputStream(file)) {
            return new String(in.readNBytes(MAX_READ), StandardCharsets.UTF_8);
        } catch (IOException unreadable) {
            return "";
        }
    }
}
