package ai.dreamlake.logback.internal.engine;

import ai.dreamlake.logback.internal.config.LocalRetention;
import ai.dreamlake.logback.internal.engine.RetentionLook.Stored;
import ai.dreamlake.logback.internal.journal.Journal;
import ai.dreamlake.logback.internal.journal.SessionDirectory;
import ai.dreamlake.logback.internal.journal.SessionFinder;
import ai.dreamlake.logback.internal.journal.SessionInventory;
import ai.dreamlake.logback.internal.session.SessionName;
import ai.dreamlake.logback.internal.upload.DeliveredSession;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Goes through all sessions once, and deletes those that need not stay on disk any longer according to
 * {@link LocalRetention}. It first judges a session from outside, and then again while nobody can write to the session
 * or upload it. Not thread-safe.
 */
public final class RetentionPass {

    /** Supplies journals. */
    public interface Journals {
        /** Null if the session is in use, or must stay for another reason. */
        @Nullable
        Journal unused(SessionName name) throws IOException;
    }

    /** Is notified of sessions that stay because something fails. */
    public interface Trouble {
        void cannotLook(SessionName name, Exception failure);

        void cannotDelete(SessionName name, Exception failure);
    }

    private final Path root;
    private final LocalRetention limits;
    private final Journals journals;
    private final BooleanSupplier isStopped;
    private final Trouble trouble;
    private Consumer<SessionName> onDeleted = name -> {};
    private boolean isTrial;
    private int found;
    private long foundBytes;
    private int deleted;
    private long deletedBytes;

    /**
     * @param root holds the workspaces; absolute
     * @param isStopped whether to stop looking
     */
    public RetentionPass(
            Path root, LocalRetention limits, Journals journals, BooleanSupplier isStopped, Trouble trouble) {
        this.root = root;
        this.limits = limits;
        this.journals = journals;
        this.isStopped = isStopped;
        this.trouble = trouble;
    }

    /** From now on, only reports what would be deleted. */
    public void onlyTry() {
        isTrial = true;
    }

    /** @param onDeleted is notified of each session that is deleted, or would be */
    public void reportTo(Consumer<SessionName> onDeleted) {
        this.onDeleted = onDeleted;
    }

    /**
     * Looks through all sessions.
     *
     * @param now the time, in milliseconds
     * @throws IOException if there is no such root
     */
    public void run(long now) throws IOException {
        RetentionLook look = new RetentionLook(limits, now);
        try {
            SessionFinder.find(root, this::isSession, name -> find(name, look));
            look.clean(this::tryDelete);
        } catch (CancellationException stopped) {
            // The next start looks again.
        }
    }

    /** How many sessions stay, for any reason. */
    public int kept() {
        return found - deleted;
    }

    /** How many bytes stay. */
    public long keptBytes() {
        return foundBytes - deletedBytes;
    }

    /** How many sessions are deleted, or would be. */
    public int deleted() {
        return deleted;
    }

    /** How many bytes are deleted, or would be. */
    public long deletedBytes() {
        return deletedBytes;
    }

    private boolean isSession(SessionDirectory directory) {
        if (isStopped.getAsBoolean()) {
            throw new CancellationException();
        }
        return Files.isDirectory(directory.logs(), LinkOption.NOFOLLOW_LINKS);
    }

    private void find(SessionName name, RetentionLook look) {
        try {
            SessionInventory inventory = SessionInventory.of(SessionDirectory.of(root, name));
            boolean mayGo = inventory.isDeletable() && (inventory.hasCheckpoint() || limits.evenIfNowhereElse());
            found += inventory.lastModified() > 0 ? 1 : 0; // otherwise only empty directories are left
            foundBytes += inventory.bytes();
            look.found(new Stored(name, inventory.lastModified(), inventory.bytes(), mayGo));
        } catch (IOException | RuntimeException unreadable) {
            found++;
            trouble.cannotLook(name, unreadable);
        }
    }

    private boolean tryDelete(Stored session) {
        try {
            boolean isGone = !isStopped.getAsBoolean() && delete(session);
            if (isGone) {
                deleted++;
                deletedBytes += session.bytes();
                onDeleted.accept(session.name());
            }
            return isGone;
        } catch (IOException | RuntimeException failure) {
            trouble.cannotDelete(session.name(), failure);
            return false;
        }
    }

    private boolean delete(Stored session) throws IOException {
        Journal journal = journals.unused(session.name());
        if (journal == null) {
            return false;
        }
        SessionDirectory directory = journal.directory();
        SessionInventory inventory = SessionInventory.of(directory);
        if (inventory.bytes() != session.bytes() || inventory.lastModified() != session.lastModified()) {
            return false; // somebody wrote to it meanwhile
        }
        if (!inventory.hasCheckpoint()) {
            return limits.evenIfNowhereElse() && delete(journal, inventory, () -> true);
        }
        try (DeliveredSession delivered = DeliveredSession.tryHold(directory)) {
            return delivered != null && delete(journal, inventory, delivered::isProven);
        }
    }

    private boolean delete(Journal journal, SessionInventory inventory, Journal.Condition condition)
            throws IOException {
        return isTrial ? journal.isDeletable(inventory, condition) : journal.delete(inventory, condition);
    }
}
