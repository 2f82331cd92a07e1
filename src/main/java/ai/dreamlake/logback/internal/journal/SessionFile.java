package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.session.SessionName;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import tools.jackson.core.JacksonException;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.core.util.Separators;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.json.JsonMapper;
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
 * Opening a session that exists keeps what stands there, unknown keys too, overwrites what is given, and sets
 * {@code updated_at}. The file is replaced by rename: a reader sees the old one or the new one. Its writers hold the
 * session's lease; the SDK's own lock around it ({@code .session.lock}) is a {@code flock}, which Java cannot take.
 */
final class SessionFile {

    /** The Python SDK writes NaN and Infinity as they are. They are read, and written again as strings. */
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS).build();

    private static final DateTimeFormatter TIMESTAMP =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

    private static final ObjectWriter INDENTED = JSON.writer().with(new DefaultPrettyPrinter(Separators.createDefaultInstance()
                    .withObjectNameValueSpacing(Separators.Spacing.AFTER)
                    .withArrayEmptySeparator("")
                    .withObjectEmptySeparator(""))
            .withObjectIndenter(new DefaultIndenter("  ", "\n"))
            .withArrayIndenter(new DefaultIndenter("  ", "\n")));

    private final Path file;
    private final SessionName name;

    SessionFile(Path directory, SessionName name) {
        this.file = directory.resolve("session.json");
        this.name = name;
    }

    /**
     * Writes the file, anew or over the one that is there.
     *
     * @param given what to overwrite: any of {@code description}, {@code tags}, {@code folder}, {@code metadata}
     * @return what was wrong with the file that was there, or null
     */
    String upsert(ObjectNode given, Instant now) throws IOException {
        ObjectNode session = null;
        String damage = null;
        if (Files.exists(file)) {
            session = read();
            if (session == null) {
                Path aside = file.resolveSibling("session.json.damaged");
                Files.move(file, aside, StandardCopyOption.REPLACE_EXISTING);
                damage = file + " was no JSON object; it is kept as " + aside.getFileName();
            }
        }
        if (session == null) {
            session = created(now);
            session.setAll(given);
        } else {
            session.setAll(given);
            session.put("updated_at", TIMESTAMP.format(now));
        }
        replace(session);
        return damage;
    }

    boolean exists() {
        return Files.exists(file);
    }

    private ObjectNode read() throws IOException {
        // Not Files.readAllBytes: it fails on an interrupted thread.
        try (InputStream in = new FileInputStream(file.toFile())) {
            return JSON.readTree(in.readAllBytes()) instanceof ObjectNode object ? object : null;
        } catch (JacksonException noJson) {
            return null;
        }
    }

    private ObjectNode created(Instant now) {
        ObjectNode session = JSON.createObjectNode();
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

    private void replace(ObjectNode session) throws IOException {
        Path temporary = file.resolveSibling(".session.json.tmp");
        try (OutputStream out = new FileOutputStream(temporary.toFile())) {
            out.write(INDENTED.writeValueAsBytes(session));
        }
        Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
