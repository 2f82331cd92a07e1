package ai.dreamlake.server;

import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.bson.Document;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.cfg.JsonNodeFeature;
import tools.jackson.databind.json.JsonMapper;

/** What a request's body says, checked. Every fault is a 400 that names the field. */
final class RequestBody {

    static final List<String> LEVELS = List.of("debug", "info", "warn", "error", "fatal");

    /** Of a body, as it is and as it is when it is unpacked. */
    private static final int LARGEST = 1024 * 1024;

    /** A client that sends more than is taken must still be able to read the answer. */
    private static final long LARGEST_THAT_IS_SKIPPED = 64L * LARGEST;

    private static final int LONGEST_NAME = 1024;
    private static final int LONGEST_QUOTE = 40;
    private static final Instant EARLIEST = Instant.parse("0000-01-01T00:00:00Z");
    private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59.999999999Z");

    /** Numbers stay what they are. */
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    private RequestBody() {}

    /** @throws ApiException 400 if the body is no JSON object, 413 if it is too large */
    static JsonNode object(Context request) {
        try {
            JsonNode json = JSON.readTree(bytes(request));
            if (json.isObject()) {
                return json;
            }
        } catch (JacksonException noJson) {
            throw ApiException.badRequest("body", "no JSON: " + noJson.getOriginalMessage());
        } catch (NumberFormatException | ArithmeticException noNumber) {
            throw ApiException.badRequest("body", "a number is beyond all bounds");
        } catch (ZipException noGzip) {
            throw ApiException.badRequest("body", "not in gzip format");
        } catch (IOException broken) {
            throw ApiException.badRequest("body", "cannot be read");
        }
        throw ApiException.badRequest("body", "must be an object");
    }

    private static byte[] bytes(Context request) throws IOException {
        InputStream raw = request.req().getInputStream();
        InputStream in = "gzip".equalsIgnoreCase(request.header("Content-Encoding")) ? new GZIPInputStream(raw) : raw;
        byte[] bytes = in.readNBytes(LARGEST + 1);
        if (bytes.length <= LARGEST) {
            return bytes;
        }
        long skipped = 0;
        for (byte[] rest = raw.readNBytes(LARGEST);
                rest.length > 0 && skipped < LARGEST_THAT_IS_SKIPPED;
                skipped += rest.length) {
            rest = raw.readNBytes(LARGEST);
        }
        throw new ApiException(413, "body: larger than " + LARGEST + " bytes");
    }

    /** {@code {"logs": [{"timestamp", "level", "message", "metadata"?}, …]}} */
    static List<NewRecord> records(JsonNode body) {
        JsonNode logs = body.path("logs");
        if (!logs.isArray() || logs.isEmpty()) {
            throw ApiException.badRequest("logs", "must be an array with at least one record");
        }
        List<NewRecord> records = new ArrayList<>(logs.size());
        for (JsonNode record : logs) {
            records.add(record(record, "logs[" + records.size() + "]"));
        }
        return records;
    }

    private static NewRecord record(JsonNode record, String path) {
        if (!record.isObject()) {
            throw ApiException.badRequest(path, "must be an object");
        }
        String level = text(record, "level", path + ".");
        if (!LEVELS.contains(level)) {
            throw ApiException.badRequest(path + ".level", quoted(level) + " is none of " + String.join(", ", LEVELS));
        }
        return new NewRecord(
                time(text(record, "timestamp", path + "."), path + ".timestamp"),
                level,
                text(record, "message", path + "."),
                metadata(record, path + "."));
    }

    private static String text(JsonNode object, String field, String path) {
        JsonNode value = object.path(field);
        if (value.isMissingNode()) {
            throw ApiException.badRequest(path + field, "is missing");
        }
        if (!value.isString()) {
            throw ApiException.badRequest(path + field, "must be a string");
        }
        return Metadata.whole(value.stringValue());
    }

    private static Document metadata(JsonNode object, String path) {
        JsonNode metadata = object.path("metadata");
        if (metadata.isMissingNode() || metadata.isNull()) {
            return null;
        }
        if (!metadata.isObject()) {
            throw ApiException.badRequest(path + "metadata", "must be an object");
        }
        return Metadata.toBson(metadata, path + "metadata");
    }

    /** @throws ApiException 400 if the text is no point in time: ISO 8601, with its offset from UTC */
    static Instant time(String text, String field) {
        try {
            Instant time = OffsetDateTime.parse(text).toInstant();
            if (!time.isBefore(EARLIEST) && !time.isAfter(LATEST)) {
                return time;
            }
        } catch (DateTimeException noTime) {
            // Told below.
        }
        throw ApiException.badRequest(field, quoted(text) + " is no time such as 2025-10-29T10:30:00.000000Z");
    }

    /** @throws ApiException 400 if nobody can be called so */
    static String name(String name, String field) {
        int length = name.getBytes(StandardCharsets.UTF_8).length;
        if (name.isBlank() || length > LONGEST_NAME) {
            throw ApiException.badRequest(
                    field, name.isBlank() ? "is empty" : "has " + length + " bytes, more than " + LONGEST_NAME);
        }
        return name;
    }

    /** What the client says of its session: only what it gives. */
    static Document description(JsonNode body) {
        Document given = new Document("name", name(text(body, "name", ""), "name"));
        for (String field : new String[] {"description", "folder"}) {
            if (isGiven(body, field)) {
                given.append(field, text(body, field, ""));
            }
        }
        if (isGiven(body, "tags")) {
            given.append("tags", tags(body.get("tags")));
        }
        if (isGiven(body, "metadata")) {
            given.append("metadata", metadata(body, ""));
        }
        if (isGiven(body, "writeProtected")) {
            if (!body.get("writeProtected").isBoolean()) {
                throw ApiException.badRequest("writeProtected", "must be true or false");
            }
            given.append("writeProtected", body.get("writeProtected").booleanValue());
        }
        return given;
    }

    private static boolean isGiven(JsonNode body, String field) {
        return body.hasNonNull(field);
    }

    private static List<String> tags(JsonNode tags) {
        List<String> texts = new ArrayList<>();
        for (JsonNode tag : tags) {
            texts.add(tag.isString() ? Metadata.whole(tag.stringValue()) : null);
        }
        if (!tags.isArray() || texts.contains(null)) {
            throw ApiException.badRequest("tags", "must be an array of strings");
        }
        return texts;
    }

    static String quoted(String text) {
        return '"' + (text.length() > LONGEST_QUOTE ? text.substring(0, LONGEST_QUOTE) + "…" : text) + '"';
    }
}
