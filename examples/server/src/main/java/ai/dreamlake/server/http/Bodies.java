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
 * Reads the bodies of requests: JSON, packed with gzip or not. All that are read or worked on at a time have a limit
 * together, and each client has a share of it: what comes beyond waits for a moment, and then is asked to come again.
 *
 * <p>Thread-safe.
 */
final class Bodies {

    /** Of a body, as it is and as it is when it is unpacked. */
    static final int LARGEST = 1024 * 1024;

    /** A client that sends more than is taken must still be able to read the answer. */
    private static final long LARGEST_THAT_IS_SKIPPED = 64L * LARGEST;

    private static final int CHUNK = 16 * 1024;
    private static final int WAIT_SECONDS = 2;
    private static final String TOO_MANY = "too many requests at a time";

    /** Numbers stay what they are. */
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    /**
     * So many bodies are read at a time. Each takes a thread where there are no virtual ones: there must be many more
     * threads than that, for those who send slowly must not get all of them.
     */
    static final int MOST = 400;

    private static final int MOST_OF_A_CLIENT = MOST / 8;
    private static final int MOST_OF_AN_ADDRESS = MOST / 2;

    /** Of all memory for bodies, a client may take one part of so many. */
    private static final int MEMORY_SHARES = 4;

    /** Of a body that anybody may send, without a token. */
    private static final int LARGEST_OF_ANYBODY = 16 * 1024;

    private static final int SECONDS_OF_ANYBODY = 5;

    /** In bytes. */
    private final Shares memory;

    private final Shares perClient = new Shares(MOST, MOST_OF_A_CLIENT);
    private final Shares perAddress = new Shares(Integer.MAX_VALUE, MOST_OF_AN_ADDRESS);
    private final int patienceSeconds;

    /**
     * Who sends a body.
     *
     * @param name the user's id, or the address of somebody unknown: who has a share
     * @param address where it comes from; several users may have the same
     */
    record Client(String name, String address) {}

    /**
     * @param memory so many bytes all bodies may have together; at least one of the largest always has room
     * @param patienceSeconds so long a body may come slowly
     */
    Bodies(int memory, int patienceSeconds) {
        this.patienceSeconds = patienceSeconds;
        int least = LARGEST + CHUNK;
        this.memory = new Shares(Math.max(least, memory), Math.max(least, memory / MEMORY_SHARES));
    }

    /**
     * What a body says.
     *
     * @throws ApiException 400 if the body is no JSON object, 408 if it comes too slowly, 413 if it is too large, 503
     *     if there are too many at a time
     */
    JsonNode object(Context request, Client client) {
        return object(client, () -> bytes(request, client));
    }

    /** The same for a body that anybody may send. It must be small and come soon, and takes none of the memory. */
    JsonNode smallObject(Context request, Client client) {
        return object(client, () -> {
            InputStream raw = new DeadlineInput(
                    request.req().getInputStream(),
                    SECONDS_OF_ANYBODY,
                    ServletContextRequest.getServletContextRequest(request.req())
                            .getConnectionMetaData()
                            .getConnection()
                            .getEndPoint());
            return bytes(request, raw, LARGEST_OF_ANYBODY, length -> {});
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

    /** @throws ApiException 400 if it is no JSON */
    static JsonNode json(byte[] text, String field) {
        try {
            return JSON.readTree(text);
        } catch (JacksonException noJson) {
            String fault = String.valueOf(noJson.getOriginalMessage());
            if (fault.contains("surrogate pair in property name")) { // Jackson takes it in values only
                throw ApiException.badRequest(
                        field,
                        "a name has half a surrogate pair, at byte "
                                + noJson.getLocation().getByteOffset());
            }
            throw ApiException.badRequest(field, "no JSON: " + fault);
        } catch (NumberFormatException | ArithmeticException noNumber) {
            throw ApiException.badRequest(field, "a number is beyond all bounds");
        }
    }

    static ApiException tooSlow() {
        return new ApiException(408, "body: comes too slowly");
    }

    /** Whether that is why something could not be read. */
    static boolean isTooSlow(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof TimeoutException) {
                return true;
            }
        }
        return false;
    }

    /** What reads a body, and so takes a thread for as long as the client takes. */
    interface Reading<T> {
        T read() throws IOException;
    }

    /** @throws ApiException 503 if there are too many bodies at a time, the client's, its address's or all */
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
        return bytes(request, raw, LARGEST, length -> {
            take(memory, client.name(), length, WAIT_SECONDS, "too much comes at a time");
            taken.addAndGet(length);
        });
    }

    /** @param room makes room for so many bytes more */
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

    /** Reads what a client still sends: it looks for the answer only when all is sent. One that is slow is given up. */
    void skipRest(Context request) {
        try {
            InputStream rest = new PacedInput(request.req().getInputStream(), patienceSeconds, System::nanoTime);
            rest.transferTo(OutputStream.nullOutputStream());
        } catch (IOException goneOrSlow) {
            // Then it is not told.
        }
    }

    private static void skip(InputStream rest, byte[] chunk) throws IOException {
        long skipped = 0;
        for (int length = 0; length >= 0 && skipped < LARGEST_THAT_IS_SKIPPED; skipped += length) {
            length = rest.read(chunk);
        }
    }
}
