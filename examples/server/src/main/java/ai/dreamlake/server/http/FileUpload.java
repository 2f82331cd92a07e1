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
 * A file that a client uploads: the body of a {@code multipart/form-data} request.
 *
 * <pre>
 *   file           the bytes, with a file name and a content type
 *   prefix         a path; default: {@code /}
 *   checksum       SHA-256 of the bytes, in hex; checked if it is given
 *   sizeBytes      the number of bytes; checked if it is given
 *   description
 *   tags           separated by commas
 *   metadata       a JSON object
 * </pre>
 *
 * A large file goes to a temporary file in {@code java.io.tmpdir} first. So a slow client does not block the store, and
 * faults of the bytes are found before the store sees them. The servlet container deletes the temporary file when the
 * request has been answered.
 */
final class FileUpload {

    private static final Logger LOG = LoggerFactory.getLogger(FileUpload.class);

    /** Files up to this size need no temporary file. It is also the maximum size of each other field. */
    private static final int MAX_IN_MEMORY = 256 * 1024;

    /** The other fields are kept in memory, so their number is limited. */
    static final int MAX_PARTS = 20;

    /** How many bytes the other fields may add to a request. */
    private static final int MAX_FIELDS = 1024 * 1024;

    /** Without a boundary, or with an empty one, the parts cannot be separated. */
    private static final Pattern BOUNDARY = Pattern.compile("boundary=(\"[^\"]|[^\";\\s])");

    /** The attribute in which Jetty looks for the multipart settings. */
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
     * @param limit the maximum number of bytes of a file
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
                        System.getProperty("java.io.tmpdir"), limit, limit + MAX_FIELDS, MAX_IN_MEMORY));
        try {
            return new FileUpload(file(raw), description(raw), limit)
                    .checked(field(raw, "sizeBytes"), field(raw, "checksum"));
        } catch (ServletException fault) {
            request.header("Connection", "close"); // the container closes it anyway; this tells the client
            throw of(fault, limit);
        }
    }

    /** The container wraps the actual failure, often more than once. */
    private static ApiException of(ServletException fault, long limit) {
        if (Bodies.isTooSlow(fault)) {
            return Bodies.tooSlow();
        }
        for (Throwable cause = fault; cause != null; cause = cause.getCause()) {
            if (cause instanceof IllegalStateException) { // always one of the limits
                return tooLarge(limit);
            }
            if (cause instanceof IOException && !(cause instanceof EOFException)) {
                LOG.warn("Cannot write a temporary file, or the client disconnected", fault);
                return ApiException.comeAgain(503, "the file cannot be stored now", 1);
            }
        }
        return ApiException.badRequest("body", "is not multipart/form-data");
    }

    private static ApiException tooLarge(long limit) {
        return new ApiException(413, "file: larger than " + limit + " bytes, or the other fields are too large");
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

    /** Null if the field is not given. */
    private static String field(HttpServletRequest request, String name) throws IOException, ServletException {
        Part field = request.getPart(name);
        if (field == null) {
            return null;
        }
        if (field.getSubmittedFileName() != null) {
            throw ApiException.badRequest(name, "must be a text, not a file");
        }
        try (InputStream text = field.getInputStream()) {
            return new String(text.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** A client saves its download under this name, so the name must not lead out of the client's directory. */
    private static String name(String submitted) {
        // A quotation mark would end the name in the request, so browsers and the Python client write %22 instead.
        String name = RequestBody.name(Text.whole(submitted.replace("%22", "\"")), "file");
        boolean isPath = name.equals(".") || name.equals("..") || name.contains("/") || name.contains("\\");
        if (isPath || name.chars().anyMatch(Character::isISOControl)) {
            throw ApiException.badRequest("file", Text.quoted(name) + " is not a file name");
        }
        return name;
    }

    /** Null if the text is null. */
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

    /** @throws ApiException 400 if the bytes are not those that the client meant to send */
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

    /** Stores the file. */
    StoredFile keep(RunStore store, String user, String session) throws IOException {
        try (InputStream in = bytes.getInputStream()) {
            return store.addFile(user, session, description, in, limit);
        }
    }
}
