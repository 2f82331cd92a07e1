package com.example.reactor;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

/** The service, started as its main method does, and called over HTTP. */
class TrainingServiceTest {

    private static final int JOBS = 24;

    @TempDir
    Path root;

    private final HttpClient client = HttpClient.newHttpClient();

    private String address;

    private CompletableFuture<HttpResponse<String>> post(String job) {
        return send(HttpRequest.newBuilder(URI.create(address + "/jobs/" + job)).POST(BodyPublishers.noBody()));
    }

    private CompletableFuture<HttpResponse<String>> health() {
        return send(HttpRequest.newBuilder(URI.create(address + "/health")));
    }

    private CompletableFuture<HttpResponse<String>> send(HttpRequest.Builder request) {
        return client.sendAsync(request.build(), BodyHandlers.ofString());
    }

    private SessionFiles session(String name) {
        return new SessionFiles(root.resolve("examples").resolve(name));
    }

    @Test
    void jobsAtTheSameTimeNeverLogInEachOthersSessions() throws Exception {
        try (ConfigurableApplicationContext service =
                SpringApplication.run(TrainingService.class, "--server.port=0", "--dreamlake.local-path=" + root)) {
            address = "http://localhost:" + service.getEnvironment().getProperty("local.server.port");
            List<CompletableFuture<HttpResponse<String>>> answers = new ArrayList<>();
            for (int job = 0; job < JOBS; job++) {
                answers.add(post("job-" + job));
                answers.add(health());
            }
            for (CompletableFuture<HttpResponse<String>> answer : answers) {
                assertThat(answer.join().statusCode()).isEqualTo(200);
                assertThat(answer.join().body()).isIn("0.1", "well");
            }
            assertThat(post(".hidden").join().statusCode()).isEqualTo(400);
            assertThat(health().join().body()).isEqualTo("well");
        }

        for (int job = 0; job < JOBS; job++) {
            List<String> messages = session("job-" + job).messages();
            String name = " of job-" + job + " ";
            assertThat(messages).hasSize(22).allMatch(message -> message.contains(name));
        }
        assertThat(session("service").messages())
                .noneMatch(message -> message.contains("job-"))
                .filteredOn(message -> message.equals("Somebody asked"))
                .hasSize(JOBS + 1);
        try (Stream<Path> sessions = Files.list(root.resolve("examples"))) {
            assertThat(sessions).hasSize(JOBS + 1);
        }
    }
}
