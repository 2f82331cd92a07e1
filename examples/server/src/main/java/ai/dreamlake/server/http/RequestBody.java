package ai.dreamlake.server.http;

import ai.dreamlake.server.store.Description;
import ai.dreamlake.server.store.Level;
import ai.dreamlake.server.store.NewRecord;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The contents of a request's body, checked. Every fault is a 400 that names the field. */
final class RequestBody {

    private static final int MAX_NAME_BYTES = 1024;

    /** MongoDB stores 100 levels; a record itself takes some of them. */
    private static final int MAX_DEPTH = 90;

    private static final Instant EARLIEST = Instant.parse("0000-01-01T00:00:00Z");
    private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59.999999999Z");

    private RequestBody() {}

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
        return new NewRecord(
                time(text(record, "timestamp", path + "."), path + ".timestamp"),
                level(text(record, "level", path + "."), path + ".level"),
                text(record, "message", path + "."),
                metadata(record, path + "."));
    }

    /** @throws ApiException 400 if there is no such level */
    static Level level(String text, String field) {
        return Level.of(text)
                .orElseThrow(() -> ApiException.badRequest(
                        field,
                        Text.quoted(text) + " is not one of "
                                + Stream.of(Level.values()).map(Level::text).collect(Collectors.joining(", "))));
    }

    /** A required text. */
    static String text(JsonNode object, String field, String path) {
        JsonNode value = object.path(field);
        if (value.isMissingNode()) {
            throw ApiException.badRequest(path + field, "is missing");
        }
        if (!value.isString()) {
            throw ApiException.badRequest(path + field, "must be a string");
        }
        return Text.whole(value.stringValue());
    }

    /** Null if it is absent. */
    static String optionalText(JsonNode object, String field) {
        return object.hasNonNull(field) ? text(object, field, "") : null;
    }

    /**
     * The object {@code metadata}; null if it is absent.
     *
     * @param path comes before the field's name in a message
     */
    static ObjectNode metadata(JsonNode object, String path) {
        JsonNode metadata = object.path("metadata");
        if (metadata.isMissingNode() || metadata.isNull()) {
            return null;
        }
        return object(metadata, path + "metadata");
    }

    /**
     * A copy of a JSON object that a store accepts: without lone surrogates, and not nested too deeply.
     *
     * @throws ApiException 400 if the value is not such an object
     */
    static ObjectNode object(JsonNode value, String field) {
        if (!value.isObject()) {
            throw ApiException.badRequest(field, "must be an object");
        }
        return (ObjectNode) storable(value, field, MAX_DEPTH);
    }

    private static JsonNode storable(JsonNode value, String field, int depth) {
        if (depth == 0) {
            throw ApiException.badRequest(field, "is nested more deeply than " + MAX_DEPTH + " levels");
        }
        if (value.isString()) {
            return JsonNodeFactory.instance.stringNode(Text.whole(value.stringValue()));
        }
        if (value.isObject()) {
            ObjectNode object = JsonNodeFactory.instance.objectNode();
            for (Map.Entry<String, JsonNode> entry : value.properties()) {
                object.set(Text.whole(entry.getKey()), storable(entry.getValue(), field, depth - 1));
            }
            return object;
        }
        if (value.isArray()) {
            ArrayNode array = JsonNodeFactory.instance.arrayNode(value.size());
            for (JsonNode entry : value) {
                array.add(storable(entry, field, depth - 1));
            }
            return array;
        }
        return value;
    }

    /** @throws ApiException 400 if the text is not a time in ISO 8601 with its offset from UTC */
    static Instant time(String text, String field) {
        try {
            Instant time = OffsetDateTime.parse(text).toInstant();
            if (!time.isBefore(EARLIEST) && !time.isAfter(LATEST)) {
                return time;
            }
        } catch (DateTimeException noTime) {
            // Reported below.
        }
        throw ApiException.badRequest(field, Text.quoted(text) + " is not a time such as 2025-10-29T10:30:00.000000Z");
    }

    /** @throws ApiException 400 if the name is blank or too long */
    static String name(String name, String field) {
        int length = name.getBytes(StandardCharsets.UTF_8).length;
        if (name.isBlank() || length > MAX_NAME_BYTES) {
            throw ApiException.badRequest(
                    field, name.isBlank() ? "is empty" : "has " + length + " bytes, more than " + MAX_NAME_BYTES);
        }
        return name;
    }

    /** The client's description of its session, with only the fields that it gives. */
    static Description description(JsonNode body) {
        String name = name(text(body, "name", ""), "name");
        Boolean writeProtected = null;
        if (body.hasNonNull("writeProtected")) {
            if (!body.get("writeProtected").isBoolean()) {
                throw ApiException.badRequest("writeProtected", "must be true or false");
            }
            writeProtected = body.get("writeProtected").booleanValue();
        }
        return new Description(
                name,
                optionalText(body, "description"),
                tags(body),
                optionalText(body, "folder"),
                metadata(body, ""),
                writeProtected);
    }

    /** The array {@code tags}; null if it is absent. */
    static List<String> tags(JsonNode object) {
        if (!object.hasNonNull("tags")) {
            return null;
        }
        JsonNode tags = object.get("tags");
        List<String> texts = new ArrayList<>();
        for (JsonNode tag : tags) {
            texts.add(tag.isString() ? Text.whole(tag.stringValue()) : null);
        }
        if (!tags.isArray() || texts.contains(null)) {
            throw ApiException.badRequest("tags", "must be an array of strings");
        }
        return texts;
    }
}
