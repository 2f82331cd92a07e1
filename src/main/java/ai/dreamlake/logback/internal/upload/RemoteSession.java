package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.io.LenientJson;
import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.internal.upload.DreamlakeClient.NoResponseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** A session as the server knows it: under an id of the server's, with the description that lies in {@code session.json}. */
final class RemoteSession {

    private final SessionName name;
    private final Path description;
    private final DreamlakeClient client;
    private final UploadListener listener;

    /** The server's name for this session, or null if it is to be asked for. */
    private @Nullable String id;

    /** The age of the description that the server has. */
    private @Nullable FileTime described;

    RemoteSession(SessionName name, Path description, DreamlakeClient client, UploadListener listener) {
        this.name = name;
        this.description = description;
        this.client = client;
        this.listener = listener;
    }

    /** Null before {@link #renew} succeeded. */
    @Nullable String id() {
        return id;
    }

    /** When the server does not know the session any more. */
    void forget() {
        id = null;
    }

    /**
     * Makes the session known to the server, unless it is, with this description.
     *
     * @return null if the session is known; else what the server said
     */
    @Nullable ServerResponse renew() throws IOException {
        FileTime age = age();
        if (id != null && age.equals(described)) {
            return null;
        }
        ServerResponse response = client.upsert(name, describedAs());
        if (response.isInvalid() || response.isTooLarge()) {
            // The records are not to suffer for their description.
            listener.trouble("the server refuses the description of session " + name + " (HTTP " + response.status() + ")");
            response = client.upsert(name, named());
            if (id != null && (response.isInvalid() || response.isTooLarge())) {
                described = age;
                return null;
            }
        }
        String given = response.isSuccess() ? sessionId(response) : null;
        if (given == null) {
            return response;
        }
        id = given;
        described = age;
        return null;
    }

    private FileTime age() throws IOException {
        try {
            return Files.getLastModifiedTime(description);
        } catch (NoSuchFileException none) {
            return FileTime.fromMillis(0);
        }
    }

    private ObjectNode named() {
        return LenientJson.TREES.createObjectNode().put("name", name.session());
    }

    /** {@code session.json} in the server's words. */
    private ObjectNode describedAs() {
        ObjectNode sent = named();
        JsonNode described;
        try {
            described = LenientJson.TREES.readTree(Files.readAllBytes(description));
        } catch (NoSuchFileException | JacksonException nothingToTell) {
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
            JsonNode id = LenientJson.TREES.readTree(response.body()).path("session").path("id");
            return id.isString() && !id.stringValue().isEmpty() ? id.stringValue() : id.isNumber() ? id.toString() : null;
        } catch (JacksonException noJson) {
            return null;
        }
    }
}
