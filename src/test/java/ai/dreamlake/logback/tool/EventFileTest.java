package ai.dreamlake.logback.tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Compares event files byte by byte, and reads them with TensorBoard's own reader. The latter is skipped if TensorBoard
 * is not installed; {@code .ci/run} installs it into {@code target/tensorboard}.
 */
class EventFileTest {

    /** Prints the version, and each point in TensorBoard's order. */
    private static final String READER = """
            import sys
            from tensorboard.backend.event_processing import event_accumulator, event_file_loader
            directory, file = sys.argv[1:]
            print(next(iter(event_file_loader.EventFileLoader(file).Load())).file_version)
            run = event_accumulator.EventAccumulator(directory, size_guidance={"scalars": 0})
            run.Reload()
            for tag in sorted(run.Tags()["scalars"]):
                for point in run.Scalars(tag):
                    print(tag, point.step, point.wall_time, point.value)
            """;

    @TempDir
    Path directory;

    private static void twoPoints(EventFile events) throws IOException {
        events.scalar("loss", 1, 1761733805.25, 0.5);
        events.scalar("größe", 300, 1761733806, Double.NaN);
    }

    static Path python() {
        return Path.of(System.getProperty("basedir", ""), "target/tensorboard/bin/python");
    }

    /** What TensorBoard reads from the only file of a run. */
    static List<String> readByTensorBoard(Path file) throws Exception {
        Process process = new ProcessBuilder(
                        python().toString(), "-c", READER, file.getParent().toString(), file.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        List<String> lines = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
        assertThat(process.waitFor()).isZero();
        return lines;
    }

    static void assumeTensorBoard() {
        assumeThat(python())
                .as("TensorBoard: python3 -m venv target/tensorboard && target/tensorboard/bin/pip install tensorboard")
                .exists();
    }

    @Test
    void aSmallFileHasTheseBytes() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (EventFile events = new EventFile(out)) {
            twoPoints(events);
        }
        assertThat(HexFormat.of().formatHex(out.toByteArray()))
                .isEqualTo(
                        "1800000000000000" // length
                                + "a37f4b22" // its checksum
                                + "090000502b7b40da411a0d627261696e2e4576656e743a32" // version
                                + "2cc6affd" // its checksum
                                + "1a00000000000000" // length
                                + "129bd82d" // its checksum
                                + "090000502b7b40da4110012a0d0a0b0a046c6f7373150000003f" // point
                                + "4c03d2ba" // its checksum
                                + "1e00000000000000" // length
                                + "d9dc1232" // its checksum
                                + "090000802b7b40da4110ac022a100a0e0a076772c3b6c39f65150000c07f" // point
                                + "9b6e7276" // its checksum
                        );
    }

    @Test
    void aFileWithoutPointsHasItsVersion() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        new EventFile(out).close();
        assertThat(out.toString(StandardCharsets.ISO_8859_1)).contains("brain.Event:2");
    }

    @Test
    void tensorBoardReadsIt() throws Exception {
        assumeTensorBoard();
        Path file = directory.resolve("events.out.tfevents.1");
        try (EventFile events = new EventFile(Files.newOutputStream(file))) {
            twoPoints(events);
            for (int step = 0; step < 1000; step++) {
                events.scalar("many", step * 1_000_000_000L, 1761733807 + step, step / 8.0);
            }
        }
        List<String> lines = readByTensorBoard(file);
        assertThat(lines.subList(0, 3))
                .containsExactly("brain.Event:2", "größe 300 1761733806.0 nan", "loss 1 1761733805.25 0.5");
        assertThat(lines.get(2 + 1)).isEqualTo("many 0 1761733807.0 0.0");
        assertThat(lines).hasSize(1003).endsWith("many 999000000000 1761734806.0 124.875");
    }
}
