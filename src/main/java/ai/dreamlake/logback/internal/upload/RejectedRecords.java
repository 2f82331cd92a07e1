package ai.dreamlake.logback.internal.upload;

import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code rejected.jsonl}: records that the server refused for good, with what it said.
 *
 * <pre>
 *   {"status": 400, "answer": "{\"error\": \"…\"}", "record": {"timestamp": "…", …}}
 * </pre>
 */
final class RejectedRecords {

    private static final int LONGEST_ANSWER = 4096;

    private final File file;

    RejectedRecords(File file) {
        this.file = file;
    }

    /**
     * Adds a record, unless it is the last one there: then the process ended before it could note that.
     *
     * @param status 0 if the server was not asked
     */
    void add(byte[] line, int status, String answer) throws IOException {
        ObjectNode entry = RecordLine.JSON.createObjectNode();
        entry.put("status", status);
        entry.put("answer", answer.length() > LONGEST_ANSWER ? answer.substring(0, LONGEST_ANSWER) : answer);
        entry.set("record", record(line));
        byte[] text = (RecordLine.JSON.writeValueAsString(entry) + "\n").getBytes(StandardCharsets.UTF_8);
        if (!endsWith(text)) {
            long before = file.length();
            try (OutputStream out = new FileOutputStream(file, true)) {
                out.write(text);
            } catch (IOException incomplete) {
                try (RandomAccessFile cut = new RandomAccessFile(file, "rw")) {
                    cut.setLength(before);
                }
                throw incomplete;
            }
        }
    }

    private static JsonNode record(byte[] line) {
        String text = new String(line, StandardCharsets.UTF_8).strip();
        try {
            return RecordLine.JSON.readTree(text);
        } catch (JacksonException noRecord) {
            return RecordLine.JSON.getNodeFactory().stringNode(text);
        }
    }

    private boolean endsWith(byte[] text) throws IOException {
        if (file.length() < text.length) {
            return false;
        }
        byte[] end = new byte[text.length];
        try (RandomAccessFile in = new RandomAccessFile(file, "r")) {
            in.seek(in.length() - text.length);
            in.readFully(end);
        }
        return Arrays.equals(end, text);
    }
}
