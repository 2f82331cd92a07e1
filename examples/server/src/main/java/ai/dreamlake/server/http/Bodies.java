package ai.dreamlake.server.http;

import io.javalin.http.Context;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
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
 * together: what comes beyond waits for a moment, and then is asked to come again.
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

    /** Numbers stay what they are. */
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    /**
     * A user may send so many at a time. Where each takes a thread, somebody who sends slowly must not get all of them.
     */
    private static final int MOST_OF_A_USER = 100;

    /** In bytes. */
    private final Semaphore memory;

    /** How many are read for each user. */
    private final Map<String, Integer> reading = new ConcurrentHashMap<>();

    private final int patienceSeconds;

    /**
     * @param memory so many bytes all bodies may have together; at least one of the largest always has room
     * @param patienceSeconds so long a body may come slowly
     */
    Bodies(int memory, int patienceSeconds) {
        this.patienceSeconds = patienceSeconds;
        this.memory = new Semaphore(Math.max(LARGEST + CHUNK, memory));
    }

    /**
     * What a body says.
     *
     * @param user who sends it; any text of its own for somebody unknown
     * @throws ApiException 400 if the body is no JSON object, 408 if it comes too slowly, 413 if it is too large, 503
     *     if there are too many at a time
     */
    JsonNode object(Context request, String user) {
        try {
            JsonNode json = json(reading(user, () -> bytes(request)), "body");
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
            throw ApiException.badRequest(field, "no JSON: " + noJson.getOriginalMessage());
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

    /** @throws ApiException 503 if the user sends too many bodies at a time */
    <T> T reading(String user, Reading<T> work) throws IOException {
        if (reading.merge(user, 1, Integer::sum) > MOST_OF_A_USER) {
            endReading(user);
            throw ApiException.comeAgain(503, "too many requests at a time", WAIT_SECONDS);
        }
        try {
            return work.read();
        } finally {
            endReading(user);
        }
    }

    private void endReading(String user) {
        reading.computeIfPresent(user, (same, count) -> count == 1 ? null : count - 1);
    }

    private byte[] bytes(Context request) throws IOException {
        AtomicInteger taken = new AtomicInteger();
        Request.addCompletionListener(
                ServletContextRequest.getServletContextRequest(request.req()), end -> memory.release(taken.get()));
        InputStream raw = new PacedInput(request.req().getInputStream(), patienceSeconds, System::nanoTime);
        InputStream in = "gzip".equalsIgnoreCase(request.header("Content-Encoding")) ? new GZIPInputStream(raw) : raw;
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        byte[] chunk = new byte[CHUNK];
        for (int length = in.read(chunk); length >= 0; length = in.read(chunk)) {
            if (all.size() + length > LARGEST) {
                skip(raw, chunk);
                throw new ApiException(413, "body: larger than " + LARGEST + " bytes");
            }
            take(length, taken);
            all.write(chunk, 0, length);
        }
        return all.toByteArray();
    }

    private void take(int length, AtomicInteger taken) {
        try {
            if (memory.tryAcquire(length, WAIT_SECONDS, TimeUnit.SECONDS)) {
                taken.addAndGet(length);
                return;
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
        throw ApiException.comeAgain(503, "too much comes at a time", WAIT_SECONDS);
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
