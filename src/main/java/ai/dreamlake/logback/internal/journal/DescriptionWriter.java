package ai.dreamlake.logback.internal.journal;

import ai.dreamlake.logback.internal.io.StackHeadroom;
import ai.dreamlake.logback.internal.session.GivenDescription;
import ai.dreamlake.logback.internal.session.SessionName;
import java.io.IOException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Keeps {@code session.json} up to date with what events say about their session. A failure here never stops a record
 * from being written. Used under the journal's monitor.
 */
final class DescriptionWriter {

    private final SessionDirectory directory;
    private final SessionFile file;
    private final SessionName name;
    private GivenDescription given;
    private final Notices notices;

    /** Whether the file has everything that was given, as far as we know. */
    private boolean written;

    /** Whether to write the file with the next record. */
    private boolean due;

    DescriptionWriter(SessionDirectory directory, SessionName name, Notices notices) {
        this.directory = directory;
        this.file = new SessionFile(directory, name);
        this.name = name;
        this.given = new GivenDescription(name);
        this.notices = notices;
    }

    /** Notes that the log was opened: a missing file is written, and a failed write is tried again. */
    void opened() {
        due |= !written || !file.exists();
    }

    /**
     * Notes that the session was closed. When it is opened again, the file is updated, and values that others have
     * changed since are written again.
     */
    void closed() {
        written = false;
        given = new GivenDescription(name);
    }

    /** Whether the session is write-protected. */
    boolean isWriteProtected() throws IOException {
        return file.isWriteProtected();
    }

    /** @param text an event's description, or null if it has none */
    void learn(@Nullable String text) {
        try {
            due |= text != null && given.learn(text);
        } catch (IllegalArgumentException notOurs) {
            notices.hold("the MDC entry that describes the session " + directory.path() + " is not readable");
        }
    }

    /** Writes the file if there is anything new. */
    void writeIfDue() throws IOException {
        if (due) {
            StackHeadroom.require();
            written = false;
            write();
            due = false;
        }
    }

    /** Writes the file if it is missing or is not a JSON object. */
    void writeIfUnreadable() throws IOException {
        if (!file.isReadable()) {
            write();
        }
    }

    private void write() throws IOException {
        try {
            String damage = file.upsert(given.parts(), Instant.now());
            written = true;
            if (damage != null) {
                notices.hold(damage);
            }
        } catch (IOException | RuntimeException failure) {
            notices.hold("cannot write the description of " + directory.path() + ": ", failure);
        }
    }
}
