package ai.dreamlake.server.http;

import ai.dreamlake.server.store.RunStore;
import ai.dreamlake.server.store.RunStore.StoredFile;
import io.javalin.http.Context;
import jakarta.servlet.MultipartConfigElement;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.Part;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A file on its way to the store: the body of a {@code multipart/form-data} request.
 *
 * <pre>
 *   file           the bytes, with a file name and a content type
 *   prefix         a path: {@code /} if it is not given
 *   checksum       SHA-256 of the bytes, in hex: not checked if it is not given
 *   sizeBytes      how many they are: not checked if it is not given
 *   description
 *   tags           with commas between
 *   metadata       an object, as JSON
 * </pre>
 *
 * A large file goes to a temporary file first, in {@code java.io.tmpdir}: a slow client must not hold the store up, and
 * what is wrong with the bytes is known before the store sees them. The servlet container deletes it when the request
 * is answered.
 */
final class FileUpload {

    private static final Logger LOG = LoggerFactory.getLogger(FileUpload.class);

    /** Files up to this size need no temporary one. A field beside the file must not be larger. */
    private static final int LARGEST_IN_MEMORY = 256 * 1024;

    /** The fields beside the file are kept in memory, so there must not be many. */
    static final int MOST_PARTS = 20;

    /** What the fields beside the file may add to a request. */
    private static final int LARGEST_FIELDS = 1024 * 1024;

    /** Without one, or with an empty one, no part can be told from the next. */
    private static final Pattern BOUNDARY = Pattern.compile("boundary=(\"[^\"]|[^\";\\s])");

    /** Where servlet containers look how to take a multipart request. */
    private static final String CONFIGURATION = "org.eclipse.jetty.multipartConfig";

    private final Part bytes;
    private final StoredFile description;
    private final long limit;

    private FileUpload(Part bytes, StoredFile description, long limit) {
        this.bytes = bytes;
        this.description = description;
        this.limit = limit;
    }

    /**
     * Reads a request's body.
     *
     * @param limit the largest number of bytes of a file
     * @throws ApiException 400 that names the field at fault, 408, 413, 503
     */
    static FileUpload of(Context request, long limit) throws IOException {
        HttpServletRequest raw = request.req();
        if (!request.isMultipartFormData()
                || !BOUNDARY.matcher(raw.getContentType()).find()) {
            throw ApiException.badRequest("body", "must be multipart/form-data");
        }
        raw.setAttribute(
                CONFIGURATION,
                new MultipartConfigElement(
                        System.getProperty("java.io.tmpdir"), limit, limit + LARGEST_FIELDS, LARGEST_IN_MEMORY));
        try {
            return new FileUpload(file(raw), description(raw), limit)
                    .checked(field(raw, "sizeBytes"), field(raw, "checksum"));
        } catch (ServletException fault) {
            request.header("Connection", "close"); // the container closes it, and a client may have a next request
            throw of(fault, limit);
        }
    }

    /** The container wraps what went wrong, often more than once. */
    private static ApiException of(ServletException fault, long limit) {
        if (Bodies.isTooSlow(fault)) {
            return Bodies.tooSlow();
        }
        for (Throwable cause = fault; cause != null; cause = cause.getCause()) {
            if (cause instanceof IllegalStateException) { // one of the limits, and nothing else
                return tooLarge(limit);
            }
            if (cause instanceof IOException && !(cause instanceof EOFException)) {
                LOG.warn("Cannot write a temporary file, or a client has gone", fault);
                return ApiException.comeAgain(503, "the file cannot be taken", 1);
            }
        }
        return ApiException.badRequest("body", "is no multipart/form-data");
    }

    private static ApiException tooLarge(long limit) {
        return new ApiException(413, "file: larger than " + limit + " bytes, or there is too much beside it");
    }

    private static Part file(HttpServletRequest request) throws IOException, ServletException {
        Part file = request.getPart("file");
        if (file == null || file.getSubmittedFileName() == null) {
            throw ApiException.badRequest("file", "is missing");
        }
        return file;
    }

    private static StoredFile description(HttpServletRequest request) throws IOException, ServletException {
        Part file = file(request);
        String prefix = field(request, "prefix");
        List<String> tags = tags(field(request, "tags"));
        String contentType = file.getContentType();
        return new StoredFile(
                null,
                prefix == null ? "/" : RequestBody.name(prefix, "prefix"),
                name(file.getSubmittedFileName()),
                field(request, "description"),
                tags == null ? List.of() : tags,
                metadata(field(request, "metadata")),
                contentType == null ? "application/octet-stream" : RequestBody.name(contentType, "file"),
                null,
                0,
                null,
                null);
    }

    /** Null if it is not given. */
    private static String field(HttpServletRequest request, String name) throws IOException, ServletException {
        Part field = request.getPart(name);
        if (field == null) {
            return null;
        }
        if (field.getSubmittedFileName() != null) {
            throw ApiException.badRequest(name, "must be a text, and is a file");
        }
        try (InputStream text = field.getInputStream()) {
            return new String(text.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** A client keeps what it downloads under this name: it must not lead out of the client's directory. */
    private static String name(String submitted) {
        // A quotation mark would end the name in the request, so browsers and Python's client write this instead.
        String name = RequestBody.name(Text.whole(submitted.replace("%22", "\"")), "file");
        boolean isPath = name.equals(".") || name.equals("..") || name.contains("/") || name.contains("\\");
        if (isPath || name.chars().anyMatch(Character::isISOControl)) {
            throw ApiException.badRequest("file", Text.quoted(name) + " is no name of a file");
        }
        return name;
    }

    /** Null if the text is. */
    static List<String> tags(String text) {
        return text == null
                ? null
                : Stream.of(text.split(","))
                        .map(String::strip)
                        .filter(tag -> !tag.isEmpty())
                        .toList();
    }

    private static ObjectNode metadata(String json) {
        return json == null || json.isEmpty()
                ? null
                : RequestBody.object(Bodies.json(json.getBytes(StandardCharsets.UTF_8), "metadata"), "metadata");
    }

    /** @throws ApiException 400 if these are not the bytes that the client meant to send */
    private FileUpload checked(String size, String checksum) throws IOException {
        if (size != null && !size.equals(Long.toString(bytes.getSize()))) {
            throw ApiException.badRequest(
                    "sizeBytes", "is " + Text.quoted(size) + ", but " + bytes.getSize() + " bytes came");
        }
        if (checksum != null) {
            String actual = checksum();
            if (!checksum.equalsIgnoreCase(actual)) {
                throw ApiException.badRequest(
                        "checksum", "is " + Text.quoted(checksum) + ", but that of the bytes that came is " + actual);
            }
        }
        return this;
    }

    private String checksum() throws IOException {
        try (DigestInputStream digested =
                new DigestInputStream(bytes.getInputStream(), MessageDigest.getInstance("SHA-256"))) {
            digested.transferTo(OutputStream.nullOutputStream());
            return HexFormat.of().formatHex(digested.getMessageDigest().digest());
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }

    /** Gives it to the store. */
    StoredFile keep(RunStore store, String user, String session) throws IOException {
        try (InputStream in = bytes.getInputStream()) {
            return store.addFile(user, session, description, in, limit);
        }
    }
}
