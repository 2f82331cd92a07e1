package ai.dreamlake.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * The real Python SDK, 0.2.4. Skipped if it is not installed: {@code .ci/run} at the top installs it into
 * {@code target/python}.
 */
class PythonRunTest {

    @TempDir
    Path directory;

    private static String python() {
        Path installed = Path.of("../../target/python/bin/python").toAbsolutePath();
        return Files.exists(installed) ? installed.toString() : "python3";
    }

    private static boolean hasSdk() throws InterruptedException {
        try {
            return new ProcessBuilder(python(), "-c", "from dreamlake import Session")
                            .redirectError(Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException noPython) {
            return false;
        }
    }

    @Test
    void aWholeRunIsStoredAndCanBeReadBack() throws Exception {
        assumeThat(hasSdk())
                .as("the Python SDK 0.2.4, in target/python of the top or for python3")
                .isTrue();
        Path files = Files.createDirectory(directory.resolve("files"));
        try (TestServer server = new TestServer(directory.resolve("data"))) {
            Process run = new ProcessBuilder(python(), "src/test/resources/python_run.py", server.url, files.toString())
                    .redirectError(Redirect.INHERIT)
                    .start();
            String said = new String(run.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(run.waitFor()).as("nothing was raised").isZero();

            JsonNode expected = TestServer.JSON.readTree("""
                    {
                      "parameters": {"model.lr": 0.0005, "model.layers": [64, 32], "seed": 7, "note": null},
                      "nested": {"model": {"lr": 0.0005, "layers": [64, 32]}, "seed": 7, "note": null},
                      "tracks": {"steps": 2501, "train/loss": 3},
                      "description": "per epoch",
                      "loss": [1.0, 0.5, 0.3333333333333333],
                      "steps": 2501,
                      "inOrder": true,
                      "batch": [0, 2499, 2500],
                      "last": [2500, {"step": 2500, "value": null, "größe": "ü"}],
                      "file": {"path": "/models", "filename": "check \\"point\\" ü.bin",
                               "contentType": "application/octet-stream", "sizeBytes": 256000,
                               "tags": ["best", "last"], "metadata": {"epoch": 2}},
                      "found": [true],
                      "same": true,
                      "updated": ["the best of all", ["best"], {"epoch": 2}],
                      "files": [2, 1],
                      "deleted": true,
                      "unknown": 404
                    }
                    """);
            assertThat(TestServer.JSON.readTree(said)).isEqualTo(expected);
            String id = server.session("vision", "baseline");
            assertThat(server.messages(id)).containsExactly("Training started", "Epoch 0", "Epoch 1", "Epoch 2");
        }
    }
}
