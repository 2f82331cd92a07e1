package com.example.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.batch.core.job.Job;
import org.springframework.batch.core.job.JobExecution;
import org.springframework.batch.core.job.parameters.JobParametersBuilder;
import org.springframework.batch.core.launch.JobOperator;
import tools.jackson.databind.JsonNode;

class JobsTest {

    @TempDir
    private Path directory;

    private Service start() {
        return Service.start("--dreamlake.local-path=" + directory);
    }

    @Test
    void theRecordsOfConcurrentRequestsNeverMix() throws Exception {
        int jobs = 24;
        ExecutorService clients = Executors.newFixedThreadPool(jobs);
        try (Service service = start()) {
            List<Future<String>> answers = new ArrayList<>();
            for (int job = 0; job < jobs; job++) {
                String path = "/jobs/job-" + job + (job % 2 == 0 ? "" : "/callable") + "?epochs=20";
                answers.add(clients.submit(() -> service.post(path)));
            }
            for (int job = 0; job < jobs; job++) {
                assertThat(answers.get(job).get()).isEqualTo("job-" + job + (job % 2 == 0 ? ": 0.9" : ": trained"));
            }
        } finally {
            clients.shutdown();
        }
        Sessions sessions = new Sessions(directory);
        for (int job = 0; job < jobs; job++) {
            List<String> expected = new ArrayList<>();
            expected.add("Job job-" + job + " starts");
            for (int epoch = 0; epoch < 20; epoch++) {
                expected.add("Epoch done");
            }
            if (job % 2 == 0) {
                expected.add("Evaluated"); // on a thread of Spring's executor
                expected.add("Job job-" + job + " is done");
            } else {
                expected.add(0, "Job job-" + job + " is handed over");
            }
            assertThat(sessions.messages("jobs/job-" + job)).isEqualTo(expected);
        }
        assertThat(sessions.messages("jobs/service")).noneMatch(message -> message.contains("Epoch"));
    }

    @Test
    void tomcatsOwnLogOfAFailedRequestIsInItsSession() throws Exception {
        try (Service service = start()) {
            service.post("/jobs/broken/failing");
            assertThat(service.post("/jobs/next")).isEqualTo("next: 0.9");
        }
        Sessions sessions = new Sessions(directory);
        JsonNode last = sessions.records("jobs/broken").get(0);
        assertThat(last.get("message").stringValue()).startsWith("Servlet.service() for servlet");
        assertThat(last.get("metadata").get("error_message").stringValue()).isEqualTo("job broken has no data");
        assertThat(sessions.messages("jobs/next")).noneMatch(message -> message.contains("Servlet.service()"));
    }

    @Test
    void anUnexpectedNameGoesToTheDefaultSession() throws Exception {
        try (Service service = start()) {
            service.post("/jobs/%2e%2e%20x");
            service.post("/jobs/" + "x".repeat(65));
            service.post("/jobs/fine");
        }
        assertThat(directory.resolve("jobs"))
                .isDirectoryNotContaining(path -> !path.endsWith("service") && !path.endsWith("fine"));
        assertThat(new Sessions(directory).messages("jobs/service")).contains("Job " + "x".repeat(65) + " starts");
    }

    @Test
    void anExecutionOfABatchJobIsASessionWithItsStatus() throws Exception {
        try (Service service = start()) {
            JobOperator operator = service.context().getBean(JobOperator.class);
            Job job = service.context().getBean(Job.class);
            JobExecution good = operator.start(
                    job, new JobParametersBuilder().addString("data", "some").toJobParameters());
            JobExecution bad = operator.start(
                    job, new JobParametersBuilder().addString("data", "none").toJobParameters());
            Sessions sessions = new Sessions(directory);
            String first = "batch/" + SessionPerExecution.session(good);
            String second = "batch/" + SessionPerExecution.session(bad);
            assertThat(sessions.messages(first))
                    .contains("Job starts")
                    .contains("Training on fold 0", "Training on fold 1", "Training on fold 2", "Training on fold 3")
                    .contains("Job ends: COMPLETED");
            assertThat(sessions.description(first)
                            .get("metadata")
                            .get("exitCode")
                            .stringValue())
                    .isEqualTo("COMPLETED");
            assertThat(sessions.description(first).get("metadata").get("data").stringValue())
                    .isEqualTo("some");
            assertThat(sessions.messages(second)).contains("Job ends: FAILED");
            assertThat(sessions.description(second)
                            .get("metadata")
                            .get("status")
                            .stringValue())
                    .isEqualTo("FAILED");
        }
    }

    @Test
    void theActuatorShowsTheMeters() throws Exception {
        try (Service service = start()) {
            service.post("/jobs/measured");
            assertThat(service.get("/actuator/metrics/dreamlake.records.written"))
                    .contains("\"statistic\":\"COUNT\"")
                    .doesNotContain("\"value\":0.0");
            assertThat(service.get("/actuator/metrics/dreamlake.pending.age")).contains("\"value\":0.0");
        }
    }
}
