package ai.dreamlake.logback.support;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A JVM of its own, with the tests' class path. It ends when its test ends, one way or the other. */
public final class ChildJvm implements AutoCloseable {

    private final Process process;
    private final BufferedReader output;

    private ChildJvm(Process process) {
        this.process = process;
        this.output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII));
    }

    public static ChildJvm start(Class<?> main, Object... arguments) {
        return start(List.of(), main, arguments);
    }

    /** @param prefix a command that runs the rest of the command line */
    public static ChildJvm start(List<String> prefix, Class<?> main, Object... arguments) {
        return start(prefix, nativeAccess(), main, arguments);
    }

    /** One that cannot take flock, whatever JVM it is. */
    public static ChildJvm startWithoutNativeAccess(List<String> prefix, Class<?> main, Object... arguments) {
        return start(prefix, List.of(), main, arguments);
    }

    /** With few jars: each takes a file descriptor. Otherwise as {@link #start(List, Class, Object...)}. */
    public static ChildJvm startWithFewJars(List<String> prefix, Class<?> main, Object... arguments) {
        List<String> options = new ArrayList<>(nativeAccess());
        options.addAll(List.of("-cp", RequiredClassPath.get())); // of two class paths, the later one counts
        return start(prefix, options, main, arguments);
    }

    /** With little memory, or much. */
    public static ChildJvm withHeap(String heap, Class<?> main, Object... arguments) {
        return start(List.of(), List.of("-Xmx" + heap), main, arguments);
    }

    /** With more options, and more variables in its environment. */
    public static ChildJvm with(
            List<String> options, Map<String, String> environment, Class<?> main, Object... arguments) {
        ProcessBuilder command = command(List.of(), options, main, arguments).redirectError(Redirect.INHERIT);
        command.environment().putAll(environment);
        return start(command);
    }

    /** Its standard error is among what it prints. */
    public static ChildJvm startWithErrors(Class<?> main, Object... arguments) {
        return start(command(List.of(), nativeAccess(), main, arguments).redirectErrorStream(true));
    }

    /** The options of this JVM that enable native access. */
    private static List<String> nativeAccess() {
        return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> option.startsWith("--enable-native-access"))
                .toList();
    }

    private static ChildJvm start(List<String> prefix, List<String> options, Class<?> main, Object... arguments) {
        return start(command(prefix, options, main, arguments).redirectError(Redirect.INHERIT));
    }

    private static ProcessBuilder command(
            List<String> prefix, List<String> options, Class<?> main, Object... arguments) {
        List<String> command = new ArrayList<>(prefix);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(
                "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-Xmx256m", "-cp", System.getProperty("java.class.path")));
        command.addAll(options); // of two heaps, the later one counts
        command.add(main.getName());
        for (Object argument : arguments) {
            command.add(argument.toString());
        }
        return new ProcessBuilder(command);
    }

    private static ChildJvm start(ProcessBuilder command) {
        try {
            return new ChildJvm(command.start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The next line that it prints, or null if it ended. Waits. */
    public String readLine() {
        try {
            return output.readLine();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whatever it printed until it ended. */
    public List<String> remainingLines() {
        List<String> lines = new ArrayList<>();
        for (String line = readLine(); line != null; line = readLine()) {
            lines.add(line);
        }
        return lines;
    }

    /** SIGKILL where there are signals. By the handle, which leaves the output readable. */
    public void kill() {
        process.toHandle().destroyForcibly();
    }

    /** Sends SIGTERM, as containers and service managers do first. */
    public void terminate() {
        process.toHandle().destroy(); // unlike the process' own method, it leaves the output open
    }

    public int waitFor() {
        try {
            if (!process.waitFor(10, TimeUnit.MINUTES)) {
                throw new AssertionError("the child JVM does not end");
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        waitFor();
    }
}
