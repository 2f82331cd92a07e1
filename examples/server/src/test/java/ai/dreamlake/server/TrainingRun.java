package ai.dreamlake.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.example.training.TrainingExample;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** The training example, run in a JVM of its own until it ends. */
final class TrainingRun {

    /** What it printed on the console. */
    final List<String> lines;

    private TrainingRun(List<String> lines) {
        this.lines = lines;
    }

    /** Without a server, as the profile {@code training} does. */
    static TrainingRun local(Path directory) {
        return start(directory, Map.of(), configuration("logback.xml").toString());
    }

    /** With a server, as the profile {@code remote} does. */
    static TrainingRun remote(Path directory, String server) {
        return remote(directory, server, configuration("logback-server.xml").toString());
    }

    static TrainingRun remote(Path directory, String server, String configuration) {
        return start(directory, Map.of("DREAMLAKE_API_URL", server), configuration);
    }

    private static TrainingRun start(Path directory, Map<String, String> environment, String configuration) {
        List<String> options = List.of("-Dlogback.configurationFile=" + configuration, "-Duser.home=" + directory);
        List<String> lines = new ArrayList<>();
        try (Child child = Child.start(directory, environment, options, TrainingExample.class.getName())) {
            for (String line = child.readLine(); line != null; line = child.readLine()) {
                lines.add(line);
            }
            assertThat(child.waitFor()).isZero();
        }
        // Its sessions are named after the second of its start. The next run starts in another one.
        Instant end = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        await().until(() -> Instant.now().isAfter(end.plusSeconds(1)));
        return new TrainingRun(lines);
    }

    /** One of the example's: there are others of the same name. */
    static URL configuration(String name) {
        String classes = TrainingExample.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toString();
        try {
            return Collections.list(TrainingExample.class.getClassLoader().getResources(name)).stream()
                    .filter(resource -> resource.toString().contains(classes))
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The number of the first line that contains a text; -1 if none does. */
    int indexOf(String text) {
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).contains(text)) {
                return i;
            }
        }
        return -1;
    }

    /** The line after the first one that contains a text. */
    String after(String text) {
        assertThat(indexOf(text)).as(text).isNotNegative();
        return lines.get(indexOf(text) + 1).strip();
    }

    /** The directories of its two sessions, the real one first. */
    List<Path> sessions() {
        int heading = indexOf("Two sessions were written:");
        assertThat(heading).isNotNegative();
        return lines.subList(heading + 1, heading + 3).stream()
                .map(line -> Path.of(line.strip()))
                .toList();
    }
}
