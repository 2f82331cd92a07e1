package ai.dreamlake.logback;

import ai.dreamlake.logback.internal.session.MdcEntries;
import ai.dreamlake.logback.internal.session.ScopedExecutorService;
import ai.dreamlake.logback.internal.session.Scopes;
import ai.dreamlake.logback.internal.session.SessionDescription;
import ai.dreamlake.logback.internal.session.SessionName;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/**
 * A scope on the current thread: until the scope is closed, everything that the thread logs goes to this session.
 *
 * <pre>{@code
 * try (DreamlakeSession session = DreamlakeSession.open("project", "my-experiment")) {
 *     log.info("Training started");
 * }
 * }</pre>
 *
 * <p>A scope consists only of MDC entries: {@code dreamlake.workspace}, {@code dreamlake.session}, an id in
 * {@code dreamlake.scope} and, if a description is given, {@code dreamlake.description}. Without a configured appender
 * it has no effect. A framework that puts the names into the MDC itself needs no scope.
 *
 * <p>The thread that opened a scope should close it. Closing restores what was there before, so scopes nest. Closing
 * twice, or closing an outer scope before an inner one, does no harm. A closed scope is closed for all threads: if its
 * entries are still in an MDC, because another thread closed it or the MDC was copied, the appender ignores and removes
 * them, and warns once. Until the scope is closed, everything else that its thread logs goes to this session as well.
 *
 * <p>Threads do not inherit sessions. {@link #propagate(Runnable)} carries the current session to other threads,
 * {@link #wrap(Runnable)} and its overloads carry this one, to platform and virtual threads. A copy of the MDC also
 * carries it while the scope is open.
 *
 * @since 0.1.0
 */
public final class DreamlakeSession implements AutoCloseable {

    /** What this scope puts into the MDC, with its id; for the result of {@link #current}, only the names. */
    private final MdcEntries entries;

    /** What was in the MDC before. */
    private final MdcEntries before;

    private final long thread = Thread.currentThread().getId();

    private DreamlakeSession(MdcEntries entries, MdcEntries before) {
        this.entries = entries;
        this.before = before;
    }

    /**
     * Opens a scope for a session, which need not exist yet. The same thread must close it.
     *
     * @param workspace a directory name
     * @param session a directory name, or several nested ones, separated by slashes
     * @return the open scope
     * @throws IllegalArgumentException if a name is null or breaks a rule; the message says which
     */
    public static DreamlakeSession open(String workspace, String session) {
        return builder(workspace, session).open();
    }

    /**
     * Prepares a scope with a description, which goes into the session's {@code session.json}.
     *
     * @param workspace a directory name
     * @param session a directory name, or several nested ones, separated by slashes
     * @return a builder without a description; nothing is open yet
     * @throws IllegalArgumentException if a name is null or breaks a rule; the message says which
     */
    public static Builder builder(String workspace, String session) {
        SessionName.of(workspace, session);
        return new Builder(workspace, session);
    }

    /**
     * Finds the session that a scope or a framework named in this thread's MDC under {@code dreamlake.session}. Keys
     * and names configured in an appender do not count. Use the result to read the names, or to {@link #wrap(Runnable)
     * wrap} tasks; closing it has no effect.
     *
     * @return the session, or empty if there is none
     */
    public static Optional<DreamlakeSession> current() {
        MdcEntries entries = Scopes.valid(MdcEntries.ofThread(), null);
        return entries.session() == null
                ? Optional.empty()
                : Optional.of(new DreamlakeSession(entries.withScope(null), entries));
    }

    private static DreamlakeSession open(MdcEntries names) {
        MdcEntries before = Scopes.valid(MdcEntries.ofThread(), null);
        MdcEntries entries = names.isEmpty() ? names : Scopes.open(names, before);
        DreamlakeSession scope = new DreamlakeSession(entries, before);
        scope.entries.toThread();
        return scope;
    }

    /** {@return the workspace, or null if the MDC has only the session's name} */
    public @Nullable String workspace() {
        return entries.workspace();
    }

    /** {@return the session's name} */
    public String name() {
        return String.valueOf(entries.session());
    }

    /**
     * Closes the scope and restores what was in the MDC before. If an inner scope is still open on this thread, closing
     * that one restores it. On a thread other than the one that opened the scope, this only removes closed scopes from
     * the MDC. A second call has no effect. Never throws.
     */
    @Override
    public void close() {
        String id = entries.scope();
        if (id == null || !Scopes.close(id)) {
            return;
        }
        MdcEntries now = MdcEntries.ofThread();
        boolean wasCleared = now.isEmpty() && Thread.currentThread().getId() == thread;
        if (wasCleared || id.equals(now.scope())) {
            restore();
        } else {
            MdcEntries valid = Scopes.valid(now, null);
            if (!Objects.equals(valid.scope(), now.scope())) {
                valid.toThread(); // another thread closed an inner scope
            }
        }
    }

    private void restore() {
        Scopes.valid(before, null).toThread();
    }

    /**
     * Makes a task run in the session of the thread that calls this, or in no session if that thread has none, even if
     * the scope is closed by then. Afterwards, the MDC of the thread that ran the task is restored. Use it for tasks
     * that go to a thread pool:
     *
     * <pre>{@code
     * executor.submit(DreamlakeSession.propagate(() -> train(fold)));
     * }</pre>
     *
     * <p>Touches only the MDC entries that a scope consists of. A name under another key, set as an appender's
     * {@code sessionKey}, is not propagated.
     *
     * @param task what to run; its exceptions are passed on
     * @return the task to run on another thread, any number of times
     * @since 0.2.0
     */
    public static Runnable propagate(Runnable task) {
        return inside(Scopes.valid(MdcEntries.ofThread(), null), task);
    }

    /**
     * Does the same as {@link #propagate(Runnable)}, for a task with a result.
     *
     * @param task what to call; its exceptions are passed on
     * @param <T> the type of the result
     * @return the task to run on another thread, any number of times
     * @since 0.2.0
     */
    public static <T> Callable<T> propagate(Callable<T> task) {
        return inside(Scopes.valid(MdcEntries.ofThread(), null), task);
    }

    private static Runnable inside(MdcEntries names, Runnable task) {
        return () -> {
            DreamlakeSession scope = open(names);
            try {
                task.run();
            } finally {
                scope.end(); // the thread is reused
            }
        };
    }

    private static <T> Callable<T> inside(MdcEntries names, Callable<T> task) {
        return () -> {
            DreamlakeSession scope = open(names);
            try {
                return task.call();
            } finally {
                scope.end();
            }
        };
    }

    /** Closes this scope and restores what was there before, whatever is there now. */
    private void end() {
        if (entries.scope() != null) {
            Scopes.close(entries.scope());
        }
        restore();
    }

    /**
     * Makes a task run in this session, on any thread, even if this scope is closed by then. Afterwards, the MDC of the
     * thread that ran the task is restored.
     *
     * @param task what to run; its exceptions are passed on
     * @return the task to run on another thread, any number of times
     */
    public Runnable wrap(Runnable task) {
        return inside(entries, task);
    }

    /**
     * Does the same as {@link #wrap(Runnable)}, for a task with a result.
     *
     * @param task what to call; its exceptions are passed on
     * @param <T> the type of the result
     * @return the task to run on another thread, any number of times
     */
    public <T> Callable<T> wrap(Callable<T> task) {
        return inside(entries, task);
    }

    /**
     * Makes tasks run in this session.
     *
     * @param executor runs the tasks
     * @return a view of the executor: tasks handed to the view run in this session
     */
    public Executor wrap(Executor executor) {
        return task -> executor.execute(wrap(task));
    }

    /**
     * Makes tasks run in this session. Shutting the view down shuts the executor service down.
     *
     * @param executor runs the tasks
     * @return a view of the executor service: tasks submitted through the view run in this session
     */
    public ExecutorService wrap(ExecutorService executor) {
        return new ScopedExecutorService(executor, new ScopedExecutorService.Scope() {
            @Override
            public Runnable wrap(Runnable task) {
                return DreamlakeSession.this.wrap(task);
            }

            @Override
            public <T> Callable<T> wrap(Callable<T> task) {
                return DreamlakeSession.this.wrap(task);
            }
        });
    }

    /** {@return the name for messages, such as {@code project/my-experiment}} */
    @Override
    public String toString() {
        return entries.workspace() + "/" + entries.session();
    }

    /**
     * A scope that is not open yet, and the description of its session. Only the parts given here overwrite those in
     * {@code session.json}. They are written together with the first record that is logged in the scope. Not
     * thread-safe.
     *
     * @since 0.1.0
     */
    public static final class Builder {

        private final String workspace;
        private final String session;
        private final ObjectNode given = SessionDescription.nothing();

        private Builder(String workspace, String session) {
            this.workspace = workspace;
            this.session = session;
        }

        /**
         * Sets the session's description.
         *
         * @param description a text for people; null removes an earlier one
         * @return this builder
         */
        public Builder description(@Nullable String description) {
            given.put("description", description);
            return this;
        }

        /**
         * Sets the session's tags.
         *
         * @param tags keywords to find the session by; they replace earlier ones, and none removes them
         * @return this builder
         * @throws NullPointerException if a tag is null
         */
        public Builder tags(String... tags) {
            given.set("tags", SessionDescription.json("tags", List.of(tags)));
            return this;
        }

        /**
         * Sets where Dreamlake shows the session.
         *
         * @param folder a path, such as {@code /experiments/2025}; null removes an earlier one
         * @return this builder
         */
        public Builder folder(@Nullable String folder) {
            given.put("folder", folder);
            return this;
        }

        /**
         * Sets anything else that is worth knowing, such as hyperparameters.
         *
         * @param metadata replaces earlier metadata; null removes it. It is read during this call
         * @return this builder
         * @throws IllegalArgumentException if {@code metadata} has no JSON form
         */
        public Builder metadata(@Nullable Map<String, ?> metadata) {
            given.set("metadata", SessionDescription.json("metadata", metadata));
            return this;
        }

        /**
         * Opens the scope. The same thread must close it.
         *
         * @return the open scope
         */
        public DreamlakeSession open() {
            SessionName name = new SessionName(workspace, session);
            String description =
                    given.isEmpty() ? null : SessionDescription.of(name, given).toText();
            return DreamlakeSession.open(new MdcEntries(workspace, session, description, null));
        }
    }
}
