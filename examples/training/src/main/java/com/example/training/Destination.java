package com.example.training;

import ai.dreamlake.logback.DreamlakeAppender;
import ch.qos.logback.classic.LoggerContext;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the person at the console where the log goes, and how to look at it. Only a demonstration needs this: the
 * training neither knows nor cares whether there is a server.
 */
final class Destination {

    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final Duration PATIENCE_WITH_DELIVERY = Duration.ofSeconds(30);

    private final DreamlakeAppender appender;

    /** The server's address; null if the log stays on this machine. */
    private final String server;

    private final boolean isServerThere;

    private Destination(DreamlakeAppender appender) {
        String remote = appender.getRemote();
        this.appender = appender;
        this.server = remote == null ? null : remote.replaceFirst("/+$", "");
        this.isServerThere = server != null && answers(server);
    }

    /** That of the appender in {@code logback.xml}. */
    static Destination ofConfiguration() {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        return new Destination(
                (DreamlakeAppender) context.getLogger(Logger.ROOT_LOGGER_NAME).getAppender("DREAMLAKE"));
    }

    private static boolean answers(String server) {
        HttpClient client = HttpClient.newBuilder().connectTimeout(PATIENCE).build();
        HttpRequest request = HttpRequest.newBuilder(URI.create(server + "/health"))
                .timeout(PATIENCE)
                .build();
        try {
            return client.send(request, BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException unreachable) {
            return false;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    void printBefore() {
        if (server == null) {
            System.out.println("Logs to " + directory() + ". No server is needed.");
        } else if (isServerThere) {
            System.out.println("Logs to the server at " + server + " and to " + directory() + ".");
        } else {
            System.out.println("No Dreamlake server answers at " + server + ".");
            System.out.println("The training runs all the same, and loses nothing: all records are kept in");
            System.out.println("    " + directory());
            System.out.println("and the next run delivers them once a server is there. In two terminals:");
            System.out.println("    mvn -q -f examples -P server process-classes");
            System.out.println("    mvn -q -f examples -P remote process-classes");
        }
    }

    /**
     * @param words what the page's search finds exactly these sessions by
     * @param sessions their names; the commands are for the first one
     */
    void printAfter(String workspace, String words, List<String> sessions) throws IOException {
        if (appender.getLocalPath() != null) {
            printFiles(workspace, sessions);
        }
        if (server != null) {
            printPage(words);
        }
    }

    private void printFiles(String workspace, List<String> sessions) throws IOException {
        System.out.println("Two sessions were written:");
        for (String session : sessions) {
            System.out.println("    " + directory().resolve(workspace).resolve(session));
        }
        Path log = directory().resolve(workspace).resolve(sessions.get(0)).resolve("logs/logs.jsonl");
        System.out.println("Look at the last records:");
        System.out.println("    tail -n 3 " + quoted(log));
        Optional<Path> tool = toolJar();
        if (tool.isPresent()) {
            System.out.println("Or with the command line tool, which has more commands:");
            System.out.println("    java -jar " + quoted(tool.get()) + " tail -n 3 --root " + quoted(directory()) + " "
                    + workspace + "/" + sessions.get(0));
        }
    }

    private void printPage(String words) {
        // Only who reads the records next has to wait for them: whatever is not delivered yet is safe on the disk.
        if (appender.awaitDelivery(isServerThere ? PATIENCE_WITH_DELIVERY : Duration.ZERO)) {
            System.out.println("Both are on the server. Open its page, and sign in as " + appender.getUserName() + ":");
            System.out.println("    " + server + "/#find=" + words);
        } else {
            System.out.println("The server does not have all of it yet. The next run delivers the rest.");
        }
    }

    /** Where the sessions are; without a local path, where the records wait for the server. */
    private Path directory() {
        String path = appender.getLocalPath() != null
                ? appender.getLocalPath()
                : appender.getUpload().getSpoolPath();
        return path != null
                ? Path.of(path).toAbsolutePath()
                : Path.of(System.getProperty("user.home"), ".dreamlake", "spool");
    }

    /** Its jar, if the library's build has made it: the program runs in examples/training. */
    private static Optional<Path> toolJar() throws IOException {
        Path target = Path.of("../../target").toAbsolutePath().normalize();
        if (!Files.isDirectory(target)) {
            return Optional.empty();
        }
        try (Stream<Path> files = Files.list(target)) {
            return files.filter(file -> file.getFileName().toString().matches("dreamlake-logback-.*-tool\\.jar"))
                    .findFirst();
        }
    }

    /** So that a shell takes it as one word. */
    private static String quoted(Path path) {
        String text = path.toString();
        return text.matches("[\\w./-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
    }
}
