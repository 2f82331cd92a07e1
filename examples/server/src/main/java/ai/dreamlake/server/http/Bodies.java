package ai.dreamlake.server.http;

import io.javalin.http.Context;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.server.Request;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.cfg.JsonNodeFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads request bodies: JSON, gzipped or not. All bodies that are being read or processed share one limit, and each
 * client may take a share of it. A request beyond the limit waits for a moment; then it is refused with a request to
 * retry.
 *
 * <p>Thread-safe.
 */
final class Bodies {

    /** Maximum bytes of a body, both as sent and after unpacking. */
    static final int MAX_BYTES = 1024 * 1024;

    /** A client that sends too much must still be able to read the answer, so this many bytes are skipped. */
    private static final long MAX_SKIPPED_BYTES = 64L * MAX_BYTES;

    private static final int CHUNK = 16 * 1024;
    private static final int WAIT_SECONDS = 2;
    private static final String TOO_MANY = "too many requests at a time";

    /** Keeps numbers exactly as they were sent. */
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    /**
     * How many bodies are read at a time. Without virtual threads each occupies a thread. There must be many more
     * threads than bodies, so that slow senders cannot occupy all of them.
     */
    static final int MAX_BODIES = 400;

    private static final int MAX_PER_CLIENT = MAX_BODIES / 8;
    private static final int MAX_PER_ADDRESS = MAX_BODIES / 2;

    /** A client may take one in this many parts of the memory for all bodies. */
    private static final int MEMORY_SHARES = 4;

    /** Maximum bytes of a body that anybody may send, without a token. */
    private static final int MAX_BYTES_WITHOUT_TOKEN = 16 * 1024;

    private static final int SECONDS_WITHOUT_TOKEN = 5;

    /** In bytes. */
    private final Shares memory;

    private final Shares perClient = new Shares(MAX_BODIES, MAX_PER_CLIENT);
    private final Shares perAddress = new Shares(Integer.MAX_VALUE, MAX_PER_ADDRESS);
    private final int patienceSeconds;

    /**
     * The sender of a body.
     *
     * @param name the user's id, or the address if the user is unknown; shares are counted by it
     * @param address where it comes from; several users may have the same
     */
    record Client(String name, String address) {}

    /**
     * @param memory how many bytes all bodies together may take; there is always room for one body of the maximum size
     * @param patienceSeconds how long a body may take in spite of being sent slowly
     */
    Bodies(int memory, int patienceSeconds) {
        this.patienceSeconds = patienceSeconds;
        int least = MAX_BYTES + CHUNK;
        this.memory = new Shares(Math.max(least, memory), Math.max(least, memory / MEMORY_SHARES));
    }

    /**
     * Reads a body.
     *
     * @throws ApiException 400 if the body is not a JSON object, 408 if it arrives too slowly, 413 if it is too large,
     *     503 if there are too many at a time
     */
    JsonNode object(Context request, Client client) {
        return object(client, () -> bytes(request, client));
    }

    /**
     * Like {@link #object}, for a body that anybody may send. It must be small and arrive soon. It takes none of the
     * shared memory.
     */
    JsonNode smallObject(Context request, Client client) {
        return object(client, () -> {
            InputStream raw = new DeadlineInput(
                    request.req().getInputStream(),
                    SECONDS_WITHOUT_TOKEN,
                    ServletContextRequest.getServletContextRequest(request.req())
                            .getConnectionMetaData()
                            .getConnection()
                            .getEndPoint());
            return bytes(request, raw, MAX_BYTES_WITHOUT_TOKEN, length -> {});
        });
    }

    private JsonNode object(Client client, Reading<byte[]> body) {
        try {
            JsonNode json = json(reading(client, body), "body");
            if (json.isObject()) {
                return json;
            }
        } catch (ZipException noGzip) {
            throw ApiException.badRequest("body", "not in gzip format");
        } catch (IOException broken) {
            throw isTooSlow(broken) ? tooSlow() : ApiException.badRequest("body", "cannot be read");
        }
        throw ApiException.badRequest("body", "must be an object");
    }

    /** @throws ApiException 400 if it is not JSON */
    static JsonNode json(byte[] text, String field) {
        try {
            return JSON.readTree(text);
        } catch (JacksonException noJson) {
            String fault = String.valueOf(noJson.getOriginalMessage());
            if (fault.contains("surrogate pair in property name")) { // Jackson accepts it only in values
                throw ApiException.badRequest(
                        field,
                        "a name has a lone surrogate at byte "
                                + noJson.getLocation().getByteOffset());
            }
            throw ApiException.badRequest(field, "not JSON: " + fault);
        } catch (NumberFormatException | ArithmeticException noNumber) {
            throw ApiException.badRequest(field, "a number is out of range");
        }
    }

    static ApiException tooSlow() {
        return new ApiException(408, "body: comes too slowly");
    }

    /** Whether the read failed because the client sends too slowly. */
    static boolean isTooSlow(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof TimeoutException) {
                return true;
            }
        }
        return false;
    }

    /** Reads a body, and occupies a thread for as long as the client takes. */
    interface Reading<T> {
        T read() throws IOException;
    }

    /** @throws ApiException 503 if there are too many bodies at a time: of the client, of its address or in all */
    <T> T reading(Client client, Reading<T> work) throws IOException {
        take(perAddress, client.address(), 1, 0, TOO_MANY);
        try {
            take(perClient, client.name(), 1, 0, TOO_MANY);
            try {
                return work.read();
            } finally {
                perClient.giveBack(client.name(), 1);
            }
        } finally {
            perAddress.giveBack(client.address(), 1);
        }
    }

    private static void take(Shares shares, String who, int amount, int waitSeconds, String fault) {
        try {
            if (shares.take(who, amount, waitSeconds)) {
                return;
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
        throw ApiException.comeAgain(503, fault, WAIT_SECONDS);
    }

    private byte[] bytes(Context request, Client client) throws IOException {
        AtomicInteger taken = new AtomicInteger();
        Request.addCompletionListener(
                ServletContextRequest.getServletContextRequest(request.req()),
                end -> memory.giveBack(client.name(), taken.get()));
        InputStream raw = new PacedInput(request.req().getInputStream(), patienceSeconds, System::nanoTime);
        return bytes(request, raw, MAX_BYTES, length -> {
            take(memory, client.name(), length, WAIT_SECONDS, "too much data at a time");
            taken.addAndGet(length);
        });
    }

    /** @param room makes room for this many more bytes */
    private static byte[] bytes(Context request, InputStream raw, int largest, IntConsumer room) throws IOException {
        InputStream in = "gzip".equalsIgnoreCase(request.header("Content-Encoding")) ? new GZIPInputStream(raw) : raw;
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        byte[] chunk = new byte[CHUNK];
        for (int length = in.read(chunk); length >= 0; length = in.read(chunk)) {
            if (all.size() + length > largest) {
                skip(raw, chunk);
                throw new ApiException(413, "body: larger than " + largest + " bytes");
            }
            room.accept(length);
            all.write(chunk, 0, length);
        }
        return all.toByteArray();
    }

    /**
     * Reads what a client still sends, because it looks for the answer only after it has sent everything. Gives up on a
     * slow client.
     */
    void skipRest(Context request) {
        try {
            InputStream rest = new PacedInput(request.req().getInputStream(), patienceSeconds, System::nanoTime);
            rest.transferTo(OutputStream.nullOutputStream());
        } catch (IOException goneOrSlow) {
            // The client gets no answer then.
        }
    }

    private static void skip(InputStream rest, byte[] chunk) throws IOException {
        long skipped = 0;
        for (int length = 0; length >= 0 && skipped < MAX_SKIPPED_BYTES; skipped += length) {
            length = rest.read(chunk);
        }
    }
}
