package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.io.LenientJson;
import ai.dreamlake.logback.internal.io.MemoryKills;
import ai.dreamlake.logback.internal.io.ProcessIdentity;
import ai.dreamlake.logback.internal.io.ThisProcess;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The content of {@code logs/.writer}, which says which process writes to a session. It is one line of JSON, readable
 * by people too.
 *
 * <pre>
 *   {"open": true , "pid": 4242, "host": "node-7", "command": "com.example.Training", "directory": "/home/alice/run", … }
 * </pre>
 *
 * @param isOpen whether the process has the log open now, and this file locked where locks work. In either case it may
 *     write again
 * @param revision the commit that its working directory was at; null if that is not in a Git repository
 * @param memoryKills the count for its control group when it began; null where there is no such count
 * @param since when it first wrote
 */
record WriterMark(
        boolean isOpen,
        ProcessIdentity owner,
        String host,
        String java,
        String command,
        String directory,
        @Nullable String revision,
        @Nullable MemoryKills memoryKills,
        Instant since) {

    /** Both have the same length, so one call overwrites one with the other. */
    private static final String OPEN = "{\"open\": true , ";

    private static final String IDLE = "{\"open\": false, ";

    /** The mark of this process, which begins to write. */
    static WriterMark ofThisProcess() {
        return new WriterMark(
                true,
                ProcessIdentity.current(),
                ThisProcess.host(),
                ThisProcess.java(),
                ThisProcess.command(),
                ThisProcess.directory(),
                ThisProcess.revision(),
                MemoryKills.now(),
                Instant.now());
    }

    WriterMark open(boolean isOpen) {
        return new WriterMark(isOpen, owner, host, java, command, directory, revision, memoryKills, since);
    }

    /** The line, including its line feed. */
    byte[] toBytes() {
        ObjectNode json = LenientJson.TREES.createObjectNode();
        json.put("pid", owner.pid()).put("started", owner.started()).put("namespace", owner.namespace());
        json.put("boot", owner.boot()).put("host", host).put("java", java).put("command", command);
        json.put("directory", directory).put("revision", revision);
        if (memoryKills != null) {
            json.put("memoryEvents", memoryKills.file()).put("memoryKills", memoryKills.count());
        }
        json.put("since", since.toString());
        String fields = LenientJson.TREES.writeValueAsString(json).substring(1);
        return ((isOpen ? OPEN : IDLE) + fields + "\n").getBytes(StandardCharsets.UTF_8);
    }

    /** Parses a mark; null if the text does not begin with a valid line. */
    static @Nullable WriterMark parse(String text) {
        int end = text.indexOf('\n');
        try {
            JsonNode json = end < 0 ? null : LenientJson.TREES.readTree(text.substring(0, end));
            if (json == null || !json.path("pid").isIntegralNumber()) {
                return null;
            }
            JsonNode events = json.path("memoryEvents");
            return new WriterMark(
                    json.path("open").asBoolean(false),
                    new ProcessIdentity(
                            json.path("pid").asLong(0),
                            json.path("started").asLong(0),
                            json.path("namespace").asLong(0),
                            json.path("boot").asString("")),
                    json.path("host").asString(""),
                    json.path("java").asString(""),
                    json.path("command").asString(""),
                    json.path("directory").asString(""),
                    json.path("revision").isString() ? json.path("revision").asString() : null,
                    events.isString()
                            ? new MemoryKills(
                                    events.asString(), json.path("memoryKills").asLong(0))
                            : null,
                    Instant.parse(json.path("since").asString("")));
        } catch (JacksonException | DateTimeException damaged) {
            return null;
        }
    }
}
