package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.io.AppendedFile;
import ai.dreamlake.logback.internal.io.FilePart;
import ai.dreamlake.logback.internal.io.LenientJson;
import ai.dreamlake.logback.internal.io.RegularFile;
import ai.dreamlake.logback.internal.record.LineFormat;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.exc.JacksonIOException;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code rejected.jsonl}: records that the server refused for good, with its response. A record is kept as it is in the
 * log; a line that is not a record is kept as a JSON string.
 *
 * <pre>
 *   {"status":400,"answer":"{\"error\": \"…\"}","record":{"timestamp": "…", …}}
 * </pre>
 *
 * <p>Lines are copied in blocks, however long they are.
 */
final class RejectedRecords {

    private static final int MAX_RESPONSE = 4096;
    private static final int BLOCK = 64 * 1024;

    /** How much is kept (I4). After that, a person must act. */
    private static final long MAX_BYTES = 64 * 1024 * 1024;

    private final File file;

    RejectedRecords(File file) {
        this.file = file;
    }

    /**
     * Adds a line of a log, unless the last entry is the same: then the process ended before it saved its checkpoint.
     *
     * @param start the position of the line's first byte
     * @param end one past the position of its line feed
     * @param status the HTTP status; 0 if the record was not sent
     * @param response the response's body, or the reason if the record was not sent
     */
    void add(RandomAccessFile log, long start, long end, int status, String response) throws IOException {
        ObjectNode entry = LenientJson.TREES.createObjectNode();
        entry.put("status", status);
        entry.put("answer", response.length() > MAX_RESPONSE ? response.substring(0, MAX_RESPONSE) : response);
        String before = LenientJson.TREES.writeValueAsString(entry);
        long first = start;
        long last = end;
        while (first < last && isSpace(log, last - 1)) {
            last--;
        }
        while (first < last && isSpace(log, first)) {
            first++;
        }
        FilePart line = new FilePart(log, first, last);
        boolean isRecord = line.read() == '{' && line.read() != 0 && isRecord(new FilePart(log, first, last));
        long from = first;
        long to = last;
        AppendedFile.Content content = out -> {
            out.write((before.substring(0, before.length() - 1) + ",\"record\":").getBytes(StandardCharsets.UTF_8));
            if (isRecord) {
                copy(new FilePart(log, from, to), out);
            } else {
                copyAsText(new FilePart(log, from, to), out);
            }
            out.write("}\n".getBytes(StandardCharsets.UTF_8));
        };
        if (!endsWith(content)) {
            AppendedFile.append(file, content);
        }
    }

    /** Whether nothing more is added: then the records stay in the log. */
    boolean isFull() {
        return file.length() >= MAX_BYTES;
    }

    private static boolean isSpace(RandomAccessFile log, long position) throws IOException {
        log.seek(position);
        int read = log.read();
        return read == ' ' || read == '\t' || read == '\r' || read == '\n';
    }

    private static boolean isRecord(FilePart line) throws IOException {
        return LineFormat.numberOf(line) != LineFormat.NOT_A_RECORD;
    }

    private static void copy(FilePart line, OutputStream out) throws IOException {
        byte[] block = new byte[BLOCK];
        for (int count = line.read(block); count > 0; count = line.read(block)) {
            out.write(block, 0, count);
        }
    }

    /** Bytes that are not UTF-8 become U+FFFD. */
    private static void copyAsText(FilePart line, OutputStream out) throws IOException {
        Reader text = new InputStreamReader(line, StandardCharsets.UTF_8);
        try (JsonGenerator json = LenientJson.STREAMS.createGenerator(ObjectWriteContext.empty(), out)) {
            json.writeString(text, -1);
        } catch (JacksonIOException failed) {
            throw failed.getCause();
        }
    }

    /** Whether the file ends with some content. */
    private boolean endsWith(AppendedFile.Content content) throws IOException {
        Length length = new Length();
        content.writeTo(length);
        if (file.length() < length.bytes) {
            return false;
        }
        try (RandomAccessFile in = RegularFile.open(file, "r")) {
            Comparison comparison = new Comparison(in, in.length() - length.bytes);
            content.writeTo(comparison);
            return comparison.isSame;
        }
    }

    /** Counts what is written. */
    private static final class Length extends OutputStream {
        private long bytes;

        @Override
        public void write(int one) {
            bytes++;
        }

        @Override
        public void write(byte[] written, int start, int count) {
            bytes += count;
        }
    }

    /** Compares what is written with what is in a file. */
    private static final class Comparison extends OutputStream {
        private final FilePart found;
        private boolean isSame = true;

        Comparison(RandomAccessFile file, long position) throws IOException {
            this.found = new FilePart(file, position, file.length());
        }

        @Override
        public void write(int one) throws IOException {
            write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public void write(byte[] written, int start, int count) throws IOException {
            if (isSame) {
                byte[] there = found.readNBytes(count);
                isSame = Arrays.equals(there, 0, there.length, written, start, start + count);
            }
        }
    }
}
