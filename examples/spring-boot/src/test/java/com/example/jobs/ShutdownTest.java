package com.example.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The service in a child JVM that is told to stop, and a server for its records. */
class ShutdownTest {

    @TempDir
    private Path directory;

    private Process start(String... properties) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                JobsApplication.class.getName(),
                "--server.port=0",
                "--dreamlake.local-path=" + directory,
                "--dreamlake.user-name=alice"));
        command.addAll(List.of(properties));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    /** Reads the service's output until it reports its port. */
    private static int port(BufferedReader output) throws IOException {
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            if (line.contains("Tomcat started on port ")) {
                return Integer.parseInt(line.replaceAll(".*on port (\\d+).*", "$1"));
            }
        }
        throw new IllegalStateException("the service did not start");
    }

    private static void awaitLine(BufferedReader output, String text) throws IOException {
        String line = output.readLine();
        while (line != null && !line.contains(text)) {
            line = output.readLine();
        }
        assertThat(line).as("a line with " + text).isNotNull();
    }

    @Test
    void theServerHasEveryRecordOfARequestThatIsUnderWayAtSigterm() throws Exception {
        ExecutorService client = Executors.newSingleThreadExecutor();
        try (DreamlakeStub dreamlake = new DreamlakeStub()) {
            Process service = start("--dreamlake.remote=" + dreamlake.url());
            try (BufferedReader output = new BufferedReader(new InputStreamReader(service.getInputStream()))) {
                int port = port(output);
                Future<String> answer = client.submit(() -> Service.post(port, "/jobs/slow/slowly"));
                awaitLine(output, "Job slow waits for the end");
                service.toHandle().destroy(); // SIGTERM; the output stays open
                awaitLine(output, "Job slow is done");
                assertThat(answer.get()).isEqualTo("slow: done");
                while (output.readLine() != null) {
                    // until it ends
                }
                assertThat(service.waitFor(1, TimeUnit.MINUTES)).isTrue();
                assertThat(dreamlake.messages("slow"))
                        .hasSize(60)
                        .startsWith("Job slow waits for the end")
                        .endsWith("Job slow is done");
                List<String> onDisk = new Sessions(directory).messages("jobs/service");
                assertThat(dreamlake.messages("service")).isEqualTo(onDisk);
                assertThat(onDisk).anyMatch(message -> message.startsWith("Graceful shutdown complete"));
            } finally {
                service.destroyForcibly();
            }
        } finally {
            client.shutdown();
        }
    }

    /** A server that accepts connections and never answers would block anything that waits for it. */
    @Test
    void theServiceStartsAndWorksAlthoughTheServerDoesNotAnswer() throws Exception {
        for (int start = 0; start < 2; start++) {
            try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
                Process service = start("--dreamlake.remote=http://localhost:" + silent.getLocalPort());
                try (BufferedReader output = new BufferedReader(new InputStreamReader(service.getInputStream()))) {
                    assertThat(Service.post(port(output), "/jobs/run-" + start)).isEqualTo("run-" + start + ": 0.9");
                } finally {
                    service.destroyForcibly().waitFor();
                }
            }
            assertThat(new Sessions(directory).messages("jobs/run-" + start)).endsWith("Job run-" + start + " is done");
        }
    }
}
