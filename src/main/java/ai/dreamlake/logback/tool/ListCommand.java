package ai.dreamlake.logback.tool;

import ai.dreamlake.logback.internal.io.LenientJson;
import ai.dreamlake.logback.internal.journal.SessionDirectory;
import ai.dreamlake.logback.internal.journal.SessionInventory;
import ai.dreamlake.logback.internal.journal.SessionState;
import ai.dreamlake.logback.internal.upload.DeliveryState;
import ai.dreamlake.logback.tool.Table.Align;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.ObjectNode;

/** {@code ls}: lists sessions. Reads only the end of each log, unless {@code --count} is given. */
@Command(
        name = "ls",
        description =
                "Lists the sessions under a root: whether they are open, their last record, their size, and how many"
                        + " records a server does not have yet. Changes nothing.",
        mixinStandardHelpOptions = true)
final class ListCommand implements Callable<Integer> {

    /** The state of one session. */
    private record Row(
            FoundSession session,
            SessionState state,
            SessionInventory inventory,
            SessionLogs.End end,
            @Nullable DeliveryState delivery,
            long undeliveredRecords,
            @Nullable Map<String, Long> counts) {}

    private static final int MAX_MESSAGE = 60;

    @Spec
    private CommandSpec spec = CommandSpec.create(); // picocli sets it

    @Parameters(
            arity = "0..1",
            paramLabel = "ROOT",
            defaultValue = RootPath.DEFAULT,
            description =
                    "The directory that holds workspaces, or a spool. Default: the variable DREAMLAKE_LOCAL_PATH if it"
                            + " is set, otherwise .dreamlake")
    private String root = RootPath.FALLBACK;

    @Option(names = "--count", description = "Count the records of each level. This reads whole logs.")
    private boolean counts;

    @Option(names = "--json", description = "Print one JSON object a line, for programs.")
    private boolean json;

    @Mixin
    private ColorOption color = new ColorOption();

    @Override
    public Integer call() throws ToolFailure {
        PrintWriter out = spec.commandLine().getOut();
        List<Path> closed = new ArrayList<>();
        List<FoundSession> sessions = FoundSession.allIn(RootPath.of(root), closed::add);
        closed.forEach(path -> spec.commandLine()
                .getErr()
                .println(Printable.line(path.toString()) + ": you may not read this directory"));
        int exitCode = closed.isEmpty() ? ExitCode.FINE : ExitCode.FOUND;
        List<Row> rows = new ArrayList<>();
        for (FoundSession session : sessions) {
            try {
                Row row = row(session);
                if (row != null) {
                    rows.add(row);
                }
            } catch (IOException unreadable) {
                spec.commandLine().getErr().println(session + ": " + Sentence.of(unreadable));
                exitCode = ExitCode.FOUND;
            }
        }
        if (json) {
            rows.forEach(row -> out.println(LenientJson.TREES.writeValueAsString(json(row))));
        } else if (rows.isEmpty()) {
            out.println("There are no sessions under " + RootPath.of(root) + hint(RootPath.of(root)) + ".");
        } else {
            print(rows, out, color.colors());
        }
        return exitCode;
    }

    /** Where the sessions may be, if the root has none. */
    private static String hint(Path root) {
        if (FoundSession.isSession(root)) {
            return ": it is a session itself, so name the directory that holds its workspace";
        }
        try (Stream<Path> inside = Files.list(root)) {
            return inside.anyMatch(FoundSession::isSession)
                    ? ": it looks like a workspace, so name the directory above it"
                    : "";
        } catch (IOException | UncheckedIOException unreadable) {
            return ""; // which is reported already
        }
    }

    /** Null if only the session's directories are left. */
    private @Nullable Row row(FoundSession session) throws IOException {
        SessionDirectory directory = session.directory();
        SessionInventory inventory = SessionInventory.of(directory);
        if (inventory.lastModified() == 0) {
            return null;
        }
        SessionState state = SessionState.of(directory, session.name());
        SessionLogs.End end = SessionLogs.end(directory);
        DeliveryState delivery = DeliveryState.of(directory);
        Map<String, Long> levels = null;
        if (counts) {
            List<File> files = SessionLogs.of(directory);
            try (Progress progress = new Progress(session.toString(), SessionLogs.length(files))) {
                levels = RecordScan.levels(files, progress);
            }
        }
        return new Row(session, state, inventory, end, delivery, undelivered(directory, end, delivery), levels);
    }

    /** The number of undelivered records; -1 if it is unknown. */
    private static long undelivered(SessionDirectory directory, SessionLogs.End end, @Nullable DeliveryState delivery)
            throws IOException {
        if (delivery == null || delivery.undeliveredBytes() == 0) {
            return 0;
        }
        long from = delivery.nextNumber() >= 0 ? delivery.nextNumber() : SessionLogs.firstNumber(directory);
        return end.nextNumber() < 0 || from < 0 || from > end.nextNumber() ? -1 : end.nextNumber() - from;
    }

    private static ObjectNode json(Row row) {
        ObjectNode json = LenientJson.TREES.createObjectNode();
        json.put("workspace", row.session.name().workspace());
        json.put("session", row.session.name().session());
        json.put("directory", row.session.directory().path().toString());
        json.put("state", kind(row.state));
        json.put("nextNumber", row.end.nextNumber() < 0 ? null : row.end.nextNumber());
        json.set("last", row.end.record() == null ? null : row.end.record().json());
        json.put("staged", row.state.staged());
        json.put("bytes", row.inventory.bytes());
        json.put("modified", Instant.ofEpochMilli(row.inventory.lastModified()).toString());
        if (row.delivery == null) {
            json.putNull("undelivered");
        } else {
            ObjectNode undelivered = json.putObject("undelivered");
            undelivered.put("records", row.undeliveredRecords < 0 ? null : row.undeliveredRecords);
            undelivered.put("bytes", row.delivery.undeliveredBytes()).put("lost", row.delivery.lost());
        }
        if (row.counts != null) {
            ObjectNode levels = json.putObject("levels");
            row.counts.forEach(levels::put);
        }
        return json;
    }

    private void print(List<Row> rows, PrintWriter out, Colors colors) {
        Table table = new Table(
                counts
                        ? new Align[] {
                            Align.LEFT,
                            Align.LEFT,
                            Align.RIGHT,
                            Align.RIGHT,
                            Align.RIGHT,
                            Align.LEFT,
                            Align.LEFT,
                            Align.LEFT
                        }
                        : new Align[] {
                            Align.LEFT, Align.LEFT, Align.RIGHT, Align.RIGHT, Align.RIGHT, Align.LEFT, Align.LEFT
                        });
        table.row();
        for (String title : List.of("SESSION", "STATE", "LAST", "SIZE", "UNDELIVERED")) {
            table.cell(title, colors::dim);
        }
        if (counts) {
            table.cell("LEVELS", colors::dim);
        }
        table.cell("AT", colors::dim).cell("RECORD", colors::dim);
        rows.forEach(row -> print(row, table, colors));
        table.print(out);
    }

    private static void print(Row row, Table table, Colors colors) {
        table.row().cell(row.session.toString(), colors::name);
        String kind = kind(row.state);
        table.cell(kind, text -> switch (row.state.kind()) {
            case OPEN -> colors.good(text);
            case ENDED -> colors.bad(text);
            case CLOSED -> text;
        });
        long next = row.end.nextNumber();
        table.cell(next < 0 ? "?" : next == 0 ? "-" : Long.toString(next - 1));
        table.cell(Sizes.shown(row.inventory.bytes()));
        table.cell(undelivered(row), text -> text.equals("0") || text.equals("-") ? text : colors.notable(text));
        if (row.counts != null) {
            table.cell(levels(row.counts));
        }
        LogRecord last = row.end.record();
        if (last != null) {
            table.cell(Printable.line(last.timestamp()), colors::dim);
            String level = Printable.line(last.level());
            table.cell(Printable.line(level + " " + shortened(last.message())), text -> colors.level(level, text));
        }
    }

    /** The state as a word. */
    private static String kind(SessionState state) {
        return state.kind().name().toLowerCase(Locale.ROOT);
    }

    /** The undelivered records for people; a dash if the session was never meant for a server. */
    private static String undelivered(Row row) {
        if (row.delivery == null) {
            return "-";
        }
        String records = row.undeliveredRecords < 0
                ? Sizes.shown(row.delivery.undeliveredBytes())
                : Long.toString(row.undeliveredRecords);
        return row.delivery.lost() == 0 ? records : records + ", " + row.delivery.lost() + " lost";
    }

    private static String levels(Map<String, Long> counts) {
        List<String> parts = new ArrayList<>();
        counts.forEach((level, count) -> parts.add(count + " " + level));
        return parts.isEmpty() ? "-" : String.join(", ", parts);
    }

    private static String shortened(String message) {
        return message.length() <= MAX_MESSAGE ? message : message.substring(0, MAX_MESSAGE) + "…";
    }
}
