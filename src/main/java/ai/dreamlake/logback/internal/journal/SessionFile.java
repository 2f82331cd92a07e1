package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.io.AtomicFile;
import ai.dreamlake.logback.internal.io.LenientJson;
import ai.dreamlake.logback.internal.io.RegularFile;
import ai.dreamlake.logback.internal.session.SessionName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.core.util.Separators;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.node.ObjectNode;

/**
 * {@code session.json}, a session's description, in the Python SDK's form:
 *
 * <pre>
 *   {
 *     "name": "my-experiment",
 *     "workspace": "project",
 *     "description": null,
 *     "tags": [],
 *     "folder": null,
 *     "metadata": null,
 *     "created_at": "2025-10-29T10:30:00.000000Z",
 *     "write_protected": false
 *   }
 * </pre>
 *
 * Opening an existing session keeps the file's content, including unknown keys, overwrites what is given, and sets
 * {@code updated_at}. The file is replaced by a rename, so a reader sees the old one or the new one. Writers hold the
 * session's lock; the SDK's own lock for this file ({@code .session.lock}) is not taken.
 */
final class SessionFile {

    /** A longer file is left unchanged. */
    private static final int MAX_BYTES = 16 << 20;

    private static final DateTimeFormatter TIMESTAMP =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

    private static final ObjectWriter INDENTED = LenientJson.TREES
            .writer()
            .with(new DefaultPrettyPrinter(Separators.createDefaultInstance()
                            .withObjectNameValueSpacing(Separators.Spacing.AFTER)
                            .withArrayEmptySeparator("")
                            .withObjectEmptySeparator(""))
                    .withObjectIndenter(new DefaultIndenter("  ", "\n"))
                    .withArrayIndenter(new DefaultIndenter("  ", "\n")));

    private final SessionDirectory directory;
    private final Path file;
    private final SessionName name;

    SessionFile(SessionDirectory directory, SessionName name) {
        this.directory = directory;
        this.file = directory.description();
        this.name = name;
    }

    /**
     * Creates the file, or updates the existing one.
     *
     * @param given what to overwrite: any of {@code description}, {@code tags}, {@code folder}, {@code metadata}
     * @return what was wrong with the existing file, or null
     */
    @Nullable
    String upsert(ObjectNode given, Instant now) throws IOException {
        ObjectNode session = null;
        @Nullable String damage = null;
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            session = read();
            if (session == null) {
                Path aside = directory.damagedDescription();
                Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
                damage = file + " was not a JSON object; it is kept as " + aside.getFileName();
            }
        }
        if (session == null) {
            session = created(now);
            session.setAll(given);
        } else {
            session.setAll(given);
            session.put("updated_at", TIMESTAMP.format(now));
        }
        AtomicFile.replace(file, INDENTED.writeValueAsBytes(session));
        return damage;
    }

    boolean exists() {
        return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
    }

    /** Whether the file exists and is a JSON object. */
    boolean isReadable() throws IOException {
        return exists() && read() != null;
    }

    /** Whether the session is write-protected. A file that cannot be understood counts as protected. */
    boolean isWriteProtected() throws IOException {
        if (!exists()) {
            return false;
        }
        ObjectNode session = read();
        JsonNode isProtected = session == null ? null : session.path("write_protected");
        return isProtected == null
                || !isProtected.isMissingNode()
                        && !isProtected.isNull()
                        && !(isProtected.isBoolean() && !isProtected.booleanValue());
    }

    private @Nullable ObjectNode read() throws IOException {
        try {
            byte[] text = RegularFile.readAllBytes(file.toFile(), MAX_BYTES);
            return LenientJson.TREES.readTree(text) instanceof ObjectNode object ? object : null;
        } catch (JacksonException noJson) {
            return null;
        }
    }

    private ObjectNode created(Instant now) {
        ObjectNode session = LenientJson.TREES.createObjectNode();
        session.put("name", name.session());
        session.put("workspace", name.workspace());
        session.putNull("description");
        session.putArray("tags");
        session.putNull("folder");
        session.putNull("metadata");
        session.put("created_at", TIMESTAMP.format(now));
        session.put("write_protected", false);
        return session;
    }
}
