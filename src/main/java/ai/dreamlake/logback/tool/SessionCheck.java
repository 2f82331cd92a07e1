package ai.dreamlake.logback.tool;

import ai.dreamlake.logback.internal.io.LenientJson;
import ai.dreamlake.logback.internal.io.RegularFile;
import ai.dreamlake.logback.internal.journal.Segment;
import ai.dreamlake.logback.internal.journal.SessionDirectory;
import ai.dreamlake.logback.internal.journal.SessionState;
import ai.dreamlake.logback.internal.journal.SessionState.Kind;
import ai.dreamlake.logback.internal.journal.SessionState.StagedTail;
import ai.dreamlake.logback.internal.journal.SessionState.Writer;
import ai.dreamlake.logback.internal.upload.DeliveryState;
import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Checks one session: its records, the records that wait in tails, and the files beside the log. Reads everything, and
 * changes nothing. The unfinished work of a live process is not a fault.
 */
final class SessionCheck {

    /** How many faults are reported; any others are only counted. */
    static final int MAX_REPORTED = 20;

    private static final int MAX_DESCRIPTION = 16 << 20;
    private static final int MAX_HINT = 64;

    private static final List<String> DESCRIBED =
            List.of("name", "workspace", "description", "tags", "folder", "metadata", "created_at", "write_protected");

    private final FoundSession session;
    private final SessionDirectory directory;
    private final List<String> faults = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private int unreported;
    private long records;
    private long expected;

    private SessionCheck(FoundSession session) {
        this.session = session;
        this.directory = session.directory();
    }

    /**
     * The result for one session.
     *
     * @param faults the faults that are reported
     * @param unreported how many more faults there are
     * @param notes what is not a fault, but may be worth a look
     */
    record Verdict(long records, List<String> faults, int unreported, List<String> notes) {
        boolean isFine() {
            return faults.isEmpty();
        }

        int faultCount() {
            return faults.size() + unreported;
        }
    }

    static Verdict of(FoundSession session, Progress progress) {
        SessionCheck check = new SessionCheck(session);
        try {
            check.checkAll(progress);
        } catch (IOException unreadable) {
            check.fault(Sentence.of(unreadable));
        }
        return new Verdict(check.records, check.faults, check.unreported, check.notes);
    }

    private void fault(String fault) {
        if (faults.size() < MAX_REPORTED) {
            faults.add(fault);
        } else {
            unreported++;
        }
    }

    private void checkAll(Progress progress) throws IOException {
        SessionState state = SessionState.of(directory, session.name());
        boolean isOpen = state.kind() == Kind.OPEN;
        DeliveryState delivery = checkDelivery();
        checkLogs(delivery, isOpen, progress);
        checkState(state);
        checkHint(isOpen);
        checkDescription();
        note(directory.torn(), "damage that was set aside");
        note(directory.rejectedRecords(), "records that the server refused for good");
    }

    private @Nullable DeliveryState checkDelivery() throws IOException {
        DeliveryState delivery = DeliveryState.of(directory);
        if (delivery != null && delivery.fault() != null) {
            fault(name(directory.checkpoint().toFile()) + " " + delivery.fault() + ": everything would be sent again");
        }
        if (delivery != null && delivery.lost() > 0) {
            fault(Sizes.count(delivery.lost(), "record")
                    + " were dropped unsent, and the server has not been told yet");
        }
        return delivery;
    }

    private void checkLogs(@Nullable DeliveryState delivery, boolean isOpen, Progress progress) throws IOException {
        List<Segment> segments = directory.segments();
        boolean isFirst = true;
        for (File file : SessionLogs.of(directory)) {
            boolean isLog = file.equals(directory.log());
            if (isFirst) {
                expected = firstExpected(segments, delivery);
            }
            checkLog(file, isOpen && isLog, progress);
            isFirst = false;
            for (Segment segment : segments) {
                if (segment.file().equals(file) && segment.end() != expected) {
                    fault(name(file) + " ends with record " + (expected - 1) + ", but its name says "
                            + (segment.end() - 1));
                    expected = segment.end();
                }
            }
        }
    }

    /** A log that stays on disk begins with 0. In a spool, earlier records were delivered and deleted. */
    private long firstExpected(List<Segment> segments, @Nullable DeliveryState delivery) throws IOException {
        long first = SessionLogs.firstNumber(directory);
        boolean isSpool = !segments.isEmpty() || delivery != null && delivery.nextNumber() >= first;
        return isSpool && first > 0 ? first : 0;
    }

    private void checkLog(File file, boolean isBeingWritten, Progress progress) throws IOException {
        int longest = LenientJson.maxHeldLength();
        try (LineReader lines = new LineReader(RegularFile.read(file), longest)) {
            long count = 0;
            for (LineReader.Line line = lines.next(); line != null; line = lines.next()) {
                if (!line.hasEnd()) {
                    if (!isBeingWritten) {
                        fault(name(file) + " ends with " + line.length()
                                + " bytes that are not a whole line: repair sets them aside");
                    }
                    return;
                }
                count++;
                records++;
                check(name(file) + " line " + count, line);
                progress.step(line.length() + 1);
            }
        } catch (FileNotFoundException deliveredMeanwhile) {
            if (file.exists()) {
                throw deliveredMeanwhile;
            }
        }
    }

    private void check(String place, LineReader.Line line) {
        if (!line.isWhole()) {
            notes.add(place + " has " + Sizes.shown(line.length()) + ", and is not checked");
            expected++;
            return;
        }
        LineCheck.Verdict verdict = LineCheck.of(line.bytes(), expected);
        verdict.faults().forEach(fault -> fault(place + ": " + fault));
        expected = verdict.number() >= 0 ? verdict.number() + 1 : expected + 1; // so that a gap is only one fault
    }

    private void checkState(SessionState state) {
        for (Writer writer : state.writers()) {
            if (writer.hasEnded()) {
                fault("process " + writer.pid() + " on " + Printable.line(writer.host())
                        + " ended without closing the log: repair reports that in the log");
            }
        }
        for (StagedTail tail : state.tails()) {
            if (tail.isOwnerGone() && !tail.records().isEmpty()) {
                fault(Sizes.count(tail.records().size(), "record") + " of a process that ended "
                        + (tail.records().size() == 1 ? "waits in " : "wait in ") + name(tail.file())
                        + ": repair writes them to the log");
            }
            if (tail.strayBytes() > 0) {
                fault(name(tail.file()) + " has " + tail.strayBytes()
                        + " bytes that are not a record: repair sets them aside");
            }
            for (byte[] record : tail.records()) {
                LineCheck.of(record, -1).faults().stream()
                        .filter(fault -> !fault.contains("sequenceNumber"))
                        .forEach(fault -> fault(name(tail.file()) + ": " + fault));
            }
        }
        for (File strange : state.strange()) {
            fault(name(strange) + " is not a regular file");
        }
    }

    /** Only the Python SDK relies on the hint. */
    private void checkHint(boolean isOpen) throws IOException {
        File hint = directory.sequenceHint();
        String text;
        try {
            text = new String(RegularFile.readAllBytes(hint, MAX_HINT), StandardCharsets.UTF_8).strip();
        } catch (FileNotFoundException missing) {
            if (hint.exists()) {
                throw missing; // no permission to read it
            }
            if (records > 0) {
                fault(name(hint) + " is missing: the Python SDK would begin with 0 again");
            }
            return;
        }
        if (!text.matches("\\d{1,18}")) {
            fault(name(hint) + " is not a number: " + Printable.quoted(text));
        } else if (records > 0 && Long.parseLong(text) != expected && !(isOpen && Long.parseLong(text) > expected)) {
            fault(name(hint) + " tells the Python SDK " + text + ", but the next number is " + expected);
        }
    }

    private void checkDescription() throws IOException {
        File description = directory.description().toFile();
        try {
            JsonNode json = LenientJson.TREES.readTree(RegularFile.readAllBytes(description, MAX_DESCRIPTION));
            if (!json.isObject()) {
                fault(name(description) + " is not a JSON object");
                return;
            }
            for (String key : DESCRIBED) {
                if (!json.has(key)) {
                    fault(name(description) + " has no " + key);
                }
            }
        } catch (FileNotFoundException missing) {
            if (description.exists()) {
                throw missing; // no permission to read it
            }
            fault(name(description) + " is missing");
        } catch (JacksonException noJson) {
            fault(name(description) + " is not a JSON object");
        }
    }

    private void note(File file, String what) throws IOException {
        RegularFile.check(file);
        if (file.length() > 0) {
            notes.add(name(file) + " has " + Sizes.shown(file.length()) + " of " + what);
        }
    }

    private String name(File file) {
        return directory.path().relativize(file.toPath()).toString();
    }
}
