package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.journal.SessionFinder;
import ai.dreamlake.logback.internal.session.SessionName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;

/** Finds the sessions that earlier runs left on disk, and sends what the server does not have. */
final class LeftoverFinder implements Runnable {

    private final Path root;
    private final UploadTasks tasks;
    private final UploadListener listener;
    private final Runnable onPending;
    private final BooleanSupplier isStopped;

    /**
     * @param onPending called when a session is found
     * @param isStopped whether to stop looking
     */
    LeftoverFinder(
            Path root, UploadTasks tasks, UploadListener listener, Runnable onPending, BooleanSupplier isStopped) {
        this.root = root;
        this.tasks = tasks;
        this.listener = listener;
        this.onPending = onPending;
        this.isStopped = isStopped;
    }

    @Override
    public void run() {
        try {
            SessionFinder.find(root, session -> Files.exists(session.checkpoint()), this::found);
        } catch (CancellationException stopped) {
            // The next start looks again.
        } catch (Throwable failure) { // nobody else would report it
            listener.trouble("cannot look for records of earlier runs under " + root + ": " + failure);
        }
    }

    private void found(SessionName name) {
        if (isStopped.getAsBoolean()) {
            throw new CancellationException();
        }
        try {
            while (!tasks.leftover(name).hurry()) {
                // It has just been forgotten. Its successor is asked.
            }
            onPending.run();
        } catch (IOException | RuntimeException failure) {
            listener.trouble("cannot upload session " + name + ", which an earlier run left: " + failure);
        }
    }
}
