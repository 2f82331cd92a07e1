package ai.dreamlake.logback.support;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A session on disk, read by somebody who knows the format and nothing of the code that wrote it. */
public final class SessionOnDisk {

    private static final JsonMapper JSON = JsonMapper.builder(JsonFactory.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxNameLength(Integer.MAX_VALUE)
                            .build())
                    .build())
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    /** The documented form, as a whole line. */
    private static final Pattern LINE =
            Pattern.compile("\\{\"timestamp\": \"\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z\", "
                    + "\"level\": \"(debug|info|warn|error|fatal)\", \"message\": \".*\", "
                    + "\"metadata\": (null|\\{\".*}), \"sequenceNumber\": (0|[1-9]\\d*)}");

    private final Path directory;

    public SessionOnDisk(Path directory) {
        this.directory = directory;
    }

    public static SessionOnDisk of(Path root, String workspace, String session) {
        return new SessionOnDisk(root.resolve(workspace).resolve(session));
    }

    public Path directory() {
        return directory;
    }

    public Path log() {
        return directory.resolve("logs/logs.jsonl");
    }

    public Path torn() {
        return directory.resolve("logs/logs.jsonl.torn");
    }

    public Path hint() {
        return directory.resolve("logs/.log_sequence");
    }

    public Path lock() {
        return directory.resolve("logs/.log_sequence.lock");
    }

    public Path description() {
        return directory.resolve("session.json");
    }

    public JsonNode readDescription() {
        return JSON.readTree(text(description()));
    }

    /** What the Python SDK would take for the next number. */
    public long readHint() {
        return Long.parseLong(text(hint()).strip());
    }

    /** The whole lines, without line ends; a torn last line fails. */
    public List<String> lines() {
        String text = text(log());
        assertThat(text.isEmpty() || text.endsWith("\n"))
                .as("the last line ends")
                .isTrue();
        List<String> lines = new ArrayList<>();
        int start = 0;
        for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
            lines.add(text.substring(start, end));
            start = end + 1;
        }
        return lines;
    }

    public List<JsonNode> records() {
        return lines().stream().map(JSON::readTree).toList();
    }

    public JsonNode onlyRecord() {
        List<JsonNode> records = records();
        assertThat(records).hasSize(1);
        return records.get(0);
    }

    public List<String> messages() {
        return records().stream()
                .map(record -> record.get("message").stringValue())
                .toList();
    }

    /** I2, and that every line is in the documented form: for sessions that only we wrote. */
    /** Whether a message says that a process ended without closing its log. */
    public static boolean isCrashReport(String message) {
        return message.matches("The process before this one \\(\\d+ on \\S+\\) ended without closing its log");
    }

    public void assertGapless(int records) {
        List<String> lines = lines();
        for (String line : lines) {
            if (!LINE.matcher(line).matches()) {
                fail("not in the documented form: " + line.substring(0, Math.min(300, line.length())));
            }
        }
        assertNumbered(records);
    }

    /** I2 alone: for sessions that others wrote, too. */
    public void assertNumbered(int records) {
        List<JsonNode> all = records();
        for (int i = 0; i < all.size(); i++) {
            if (all.get(i).path("sequenceNumber").asLong(-1) != i) {
                fail("line " + (i + 1) + " of " + log() + " has number "
                        + all.get(i).get("sequenceNumber"));
            }
        }
        assertThat(all).as("records in " + log()).hasSize(records);
    }

    /** What the Python SDK needs of a session that nobody writes any more. */
    public void assertLeftBehindRightly() {
        assertThat(readHint()).as(".log_sequence").isEqualTo(lines().size());
        assertThat(readDescription().propertyNames())
                .contains(
                        "name",
                        "workspace",
                        "description",
                        "tags",
                        "folder",
                        "metadata",
                        "created_at",
                        "write_protected");
    }

    public SessionOnDisk write(Path file, String text) {
        return write(file, text.getBytes(StandardCharsets.UTF_8));
    }

    public SessionOnDisk write(Path file, byte[] bytes) {
        try {
            Files.createDirectories(file.getParent());
            Files.write(file, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    public void append(Path file, String text) {
        try {
            Files.writeString(file, text, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Strict UTF-8: anything else fails. */
    public static String text(Path file) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(Files.readAllBytes(file)))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new AssertionError(file + " is not UTF-8", e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
