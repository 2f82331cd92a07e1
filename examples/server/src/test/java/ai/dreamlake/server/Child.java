package ai.dreamlake.server;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A child JVM with the classes of this one. Its standard error goes where ours goes. */
final class Child implements AutoCloseable {

    private static final Pattern ADDRESS = Pattern.compile("http://localhost:(\\d+)/");

    private final Process process;
    private final BufferedReader output;

    private Child(Process process) {
        this.process = process;
        this.output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    static Child start(
            Path directory, Map<String, String> environment, List<String> options, String main, Object... arguments) {
        return start(directory, environment, options, null, main, arguments);
    }

    /** @param errors the file for its standard error; null for the same place as ours */
    static Child start(
            Path directory,
            Map<String, String> environment,
            List<String> options,
            Path errors,
            String main,
            Object... arguments) {
        List<String> command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(List.of("-classpath", System.getProperty("java.class.path")));
        command.addAll(options); // of two class paths, the later one wins
        command.add(main);
        for (Object argument : arguments) {
            command.add(argument.toString());
        }
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectError(
                        errors == null ? ProcessBuilder.Redirect.INHERIT : ProcessBuilder.Redirect.to(errors.toFile()));
        builder.environment().putAll(environment);
        try {
            return new Child(builder.start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A server on the given port; with 0, on a port that the system chooses: see {@link #port}. */
    static Child server(Path data, int port) {
        Map<String, String> environment = Map.of("PORT", Integer.toString(port), "DATA_PATH", data.toString());
        return start(data, environment, List.of(), DreamlakeServer.class.getName());
    }

    /** Waits until the server reports its address. */
    int port() {
        Matcher address = ADDRESS.matcher("");
        while (!address.find()) { // Logback may print something before
            address.reset(Objects.requireNonNull(readLine(), "it ended"));
        }
        return Integer.parseInt(address.group(1));
    }

    /** Null at the end. */
    String readLine() {
        try {
            return output.readLine();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    long pid() {
        return process.pid();
    }

    /** kill -9. */
    void kill() {
        process.destroyForcibly();
        waitFor();
    }

    /** SIGTERM. */
    void terminate() {
        process.destroy();
    }

    int waitFor() {
        try {
            return process.waitFor();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        kill();
    }
}
