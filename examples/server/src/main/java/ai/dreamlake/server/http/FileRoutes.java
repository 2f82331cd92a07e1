package ai.dreamlake.server.http;

import ai.dreamlake.server.store.RunStore.StoredFile;
import ai.dreamlake.server.store.Store;
import ai.dreamlake.server.store.StoreException;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The files of a run.
 *
 * <pre>
 *   POST   /sessions/{id}/files                      multipart/form-data: see {@link FileUpload}
 *   GET    /sessions/{id}/files                      prefix: of the path; tags: separated by commas, one must match
 *   GET    /sessions/{id}/files/{fileId}
 *   GET    /sessions/{id}/files/{fileId}/download    the bytes
 *   PATCH  /sessions/{id}/files/{fileId}             {"description"?, "tags"?, "metadata"?}
 *   DELETE /sessions/{id}/files/{fileId}
 * </pre>
 */
final class FileRoutes implements Routes {

    private static final Logger LOG = LoggerFactory.getLogger(FileRoutes.class);
    private static final String FILES = "/sessions/{id}/files";
    private static final String FILE = FILES + "/{fileId}";

    private final Requests requests;
    private final Store store;
    private final long limit;

    /** @param limit the maximum number of bytes of a file; 0: no files are kept */
    FileRoutes(Requests requests, Store store, long limit) {
        this.requests = requests;
        this.store = store;
        this.limit = limit;
    }

    @Override
    public void addTo(RoutesConfig routes) {
        routes.post(FILES, this::add);
        routes.get(FILES, this::list);
        routes.get(FILE, this::show);
        routes.get(FILE + "/download", this::download);
        routes.patch(FILE, this::change);
        routes.delete(FILE, this::delete);
    }

    private void add(Context request) throws IOException {
        String user = requests.user(request).id();
        String id = Requests.session(request);
        requests.read(request, 201, () -> {
            store.session(user, id);
            if (limit == 0) {
                throw new ApiException(404, "this server keeps no files: its FILE_LIMIT is 0");
            }
            return json(id, FileUpload.of(request, limit).keep(store, user, id));
        });
    }

    private void list(Context request) {
        String id = Requests.session(request);
        store.session(requests.user(request).id(), id);
        String prefix = Parameters.text(request, "prefix");
        List<String> tags = FileUpload.tags(Parameters.text(request, "tags"));
        ArrayNode files = JsonNodeFactory.instance.arrayNode();
        for (StoredFile file : store.files(id)) {
            boolean isBelow = prefix == null || file.prefix().startsWith(prefix);
            boolean isTagged = tags == null || file.tags().stream().anyMatch(tags::contains);
            if (isBelow && isTagged) {
                files.add(json(id, file));
            }
        }
        Requests.answer(request, 200, Requests.object().set("files", files));
    }

    private void show(Context request) {
        String id = Requests.session(request);
        store.session(requests.user(request).id(), id);
        Requests.answer(request, 200, json(id, store.file(id, request.pathParam("fileId"))));
    }

    /**
     * Sends the bytes in a form that a browser neither shows nor runs: anybody may have written them, and a page from
     * this server could do whatever its reader may do.
     */
    private void download(Context request) {
        String id = Requests.session(request);
        store.session(requests.user(request).id(), id);
        StoredFile file = store.file(id, request.pathParam("fileId"));
        HttpServletResponse response = request.res();
        response.setContentType("application/octet-stream");
        response.setContentLengthLong(file.size());
        response.setHeader("Content-Disposition", Text.attachment(file.name()));
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.setHeader("Content-Security-Policy", "sandbox");
        response.setHeader("Cache-Control", "private, no-cache");
        try {
            // Not through Javalin, which would compress it again.
            store.readFile(id, file.id(), response.getOutputStream());
        } catch (StoreException failure) {
            if (!response.isCommitted()) {
                response.setHeader("Content-Length", null); // that of the file, not of the error
                throw failure;
            }
            // It is too late for another status. The client sees fewer bytes than Content-Length announced.
            LOG.warn("A download was cut off", failure);
        } catch (IOException clientHasGone) {
            // There is no client left to inform.
        }
    }

    private void change(Context request) {
        String id = Requests.session(request);
        String user = requests.user(request).id();
        JsonNode body = requests.body(request);
        StoredFile file = store.changeFile(
                user,
                id,
                request.pathParam("fileId"),
                RequestBody.optionalText(body, "description"),
                RequestBody.tags(body),
                RequestBody.metadata(body, ""));
        Requests.answer(request, 200, json(id, file));
    }

    private void delete(Context request) {
        String fileId = request.pathParam("fileId");
        store.deleteFile(requests.user(request).id(), Requests.session(request), fileId);
        Requests.answer(
                request,
                200,
                Requests.object()
                        .put("id", fileId)
                        .put("deletedAt", Instant.now().toString()));
    }

    private static ObjectNode json(String session, StoredFile file) {
        ObjectNode json = Requests.object();
        json.put("id", file.id());
        json.put("sessionId", session);
        json.put("path", file.prefix());
        json.put("filename", file.name());
        json.put("description", file.description());
        file.tags().forEach(json.putArray("tags")::add);
        json.put("contentType", file.contentType());
        json.put("sizeBytes", file.size());
        json.put("checksum", file.checksum());
        json.set("metadata", file.metadata());
        json.put("uploadedAt", file.createdAt().toString());
        json.put("updatedAt", file.updatedAt().toString());
        return json.putNull("deletedAt");
    }
}
