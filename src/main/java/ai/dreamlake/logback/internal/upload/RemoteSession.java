package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.io.LenientJson;
import ai.dreamlake.logback.internal.io.RegularFile;
import ai.dreamlake.logback.internal.session.SessionName;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A session on the server: the id that the server gave it, and the description from {@code session.json}. */
final class RemoteSession {

    /** Dreamlake servers do not accept a longer body. */
    private static final int MAX_DESCRIPTION = 1024 * 1024;

    private final SessionName name;
    private final Path description;
    private final DreamlakeServer server;
    private final UploadListener listener;

    /** The server's id for this session, or null if {@link #renew} must get it. */
    private @Nullable String id;

    /** The modification time of the description that the server has. */
    private @Nullable FileTime sentDescriptionTime;

    RemoteSession(SessionName name, Path description, DreamlakeServer server, UploadListener listener) {
        this.name = name;
        this.description = description;
        this.server = server;
        this.listener = listener;
    }

    /** The server's id for this session. Only valid after {@link #renew} succeeded. */
    String requireId() {
        return Objects.requireNonNull(id, "used only after it was renewed");
    }

    /** Must be called if the server no longer knows the session. */
    void forget() {
        id = null;
    }

    /**
     * Creates or updates the session on the server, unless the server has it with the current description.
     *
     * @return null if the server has the session; otherwise its response
     */
    @Nullable
    ServerResponse renew() throws IOException {
        FileTime descriptionTime = descriptionTime();
        if (id != null && descriptionTime.equals(sentDescriptionTime)) {
            return null;
        }
        ServerResponse response = server.upsert(name, nameAndDescription());
        if (response.isInvalid() || response.isTooLarge()) {
            // A bad description must not hold up the records.
            listener.trouble(
                    "the server refuses the description of session " + name + " (HTTP " + response.status() + ")");
            response = server.upsert(name, nameOnly());
            if (id != null && (response.isInvalid() || response.isTooLarge())) {
                sentDescriptionTime = descriptionTime;
                return null;
            }
        }
        String given = response.isSuccess() ? sessionId(response) : null;
        if (given == null) {
            return response;
        }
        id = given;
        sentDescriptionTime = descriptionTime;
        return null;
    }

    private FileTime descriptionTime() throws IOException {
        try {
            return Files.getLastModifiedTime(description);
        } catch (NoSuchFileException none) {
            return FileTime.fromMillis(0);
        }
    }

    private ObjectNode nameOnly() {
        return LenientJson.TREES.createObjectNode().put("name", name.session());
    }

    /** {@code session.json}, with the names that the server uses. */
    private ObjectNode nameAndDescription() {
        ObjectNode sent = nameOnly();
        JsonNode described;
        try (InputStream in = RegularFile.read(description.toFile())) {
            described = LenientJson.TREES.readTree(in.readNBytes(MAX_DESCRIPTION)); // if it is cut off, it is not JSON
        } catch (FileNotFoundException | JacksonException nothingToTell) {
            return sent;
        } catch (IOException unreadable) {
            listener.trouble("cannot read the description of session " + name + ": " + unreadable);
            return sent;
        }
        for (String field : new String[] {"description", "tags", "folder", "metadata"}) {
            JsonNode value = described.path(field);
            if (!value.isMissingNode() && !value.isNull() && !(value.isArray() && value.isEmpty())) {
                sent.set(field, value);
            }
        }
        if (described.path("write_protected").asBoolean(false)) {
            sent.put("writeProtected", true);
        }
        return sent;
    }

    private static @Nullable String sessionId(ServerResponse response) {
        try {
            JsonNode id =
                    LenientJson.TREES.readTree(response.body()).path("session").path("id");
            return id.isString() && !id.stringValue().isEmpty()
                    ? id.stringValue()
                    : id.isNumber() ? id.toString() : null;
        } catch (JacksonException noJson) {
            return null;
        }
    }
}
