package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.io.AppendedFile;
import ai.dreamlake.logback.internal.io.LenientJson;
import ai.dreamlake.logback.internal.io.RegularFile;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code rejected.jsonl}: records that the server refused for good, with its response.
 *
 * <pre>
 *   {"status": 400, "answer": "{\"error\": \"…\"}", "record": {"timestamp": "…", …}}
 * </pre>
 */
final class RejectedRecords {

    private static final int MAX_RESPONSE = 4096;

    private final File file;

    RejectedRecords(File file) {
        this.file = file;
    }

    /**
     * Adds a record, unless the last one there is the same: then the process had ended before it saved its checkpoint.
     *
     * @param status the HTTP status; 0 if the record was not sent
     * @param response the response's body, or the reason if the record was not sent
     */
    void add(byte[] line, int status, String response) throws IOException {
        ObjectNode entry = LenientJson.TREES.createObjectNode();
        entry.put("status", status);
        entry.put("answer", response.length() > MAX_RESPONSE ? response.substring(0, MAX_RESPONSE) : response);
        entry.set("record", record(line));
        byte[] text = (LenientJson.TREES.writeValueAsString(entry) + "\n").getBytes(StandardCharsets.UTF_8);
        if (!endsWith(text)) {
            AppendedFile.append(file, out -> out.write(text));
        }
    }

    private static JsonNode record(byte[] line) {
        String text = new String(line, StandardCharsets.UTF_8).strip();
        try {
            return LenientJson.TREES.readTree(text);
        } catch (JacksonException noRecord) {
            return LenientJson.TREES.getNodeFactory().stringNode(text);
        }
    }

    private boolean endsWith(byte[] text) throws IOException {
        if (file.length() < text.length) {
            return false;
        }
        byte[] end = new byte[text.length];
        try (RandomAccessFile in = RegularFile.open(file, "r")) {
            in.seek(in.length() - text.length);
            in.readFully(end);
        }
        return Arrays.equals(end, text);
    }
}
