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
 * A scope on the current thread: until the scope is closed, everything the thread logs goes to this session.
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
 * twice, or closing an outer scope before an inner one, does no harm. Once a scope is closed, it is so for all threads:
 * where its entries are still in an MDC, because another thread closed it or the MDC was copied, the appender ignores
 * and removes them, and warns once. Until it is closed, whatever else the thread that opened it does goes to this
 * session, too.
 *
 * <p>Threads do not inherit sessions. {@link #propagate(Runnable)} carries the current session to other threads,
 * {@link #wrap(Runnable)} and its overloads carry this one, to platform and virtual threads. A copy of the MDC does so
 * as long as the scope is open.
 */
public final class DreamlakeSession implements AutoCloseable {

    /** What this scope puts into the MDC, with its id; or, for a view, only the names. */
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
     * @throws IllegalArgumentException if a name is null or breaks a rule; the message says which
     */
    public static DreamlakeSession open(String workspace, String session) {
        return builder(workspace, session).open();
    }

    /**
     * Prepares a scope with a description, which goes into the session's {@code session.json}.
     *
     * @throws IllegalArgumentException if a name is null or breaks a rule; the message says which
     */
    public static Builder builder(String workspace, String session) {
        SessionName.of(workspace, session);
        return new Builder(workspace, session);
    }

    /**
     * The session that a scope or a framework named in the MDC under {@code dreamlake.session}; empty if there is none.
     * Keys and names configured in an appender do not count. Use the result to read the names, or to
     * {@link #wrap(Runnable) wrap} tasks; closing it has no effect.
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

    /** The workspace, or null if the MDC has only the session's name. */
    public @Nullable String workspace() {
        return entries.workspace();
    }

    /** The session's name. */
    public String name() {
        return String.valueOf(entries.session());
    }

    /**
     * Restores what was there before, unless an inner scope is still open here: closing that one does it. Another
     * thread than the one that opened the scope has only closed scopes removed from its MDC. Never throws.
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
                valid.toThread(); // an inner scope, closed by another thread
            }
        }
    }

    private void restore() {
        Scopes.valid(before, null).toThread();
    }

    /**
     * Returns a task that runs inside the session of the thread that calls this, or inside none if there is none, even
     * if the scope is closed by then. What the running thread had in its MDC is restored afterwards. For tasks that go
     * to a pool of threads:
     *
     * <pre>{@code
     * executor.submit(DreamlakeSession.propagate(() -> train(fold)));
     * }</pre>
     *
     * <p>Touches only the MDC entries that a scope consists of. A name under another key, which an appender's
     * {@code sessionKey} names, is not propagated.
     */
    public static Runnable propagate(Runnable task) {
        return inside(Scopes.valid(MdcEntries.ofThread(), null), task);
    }

    /** As {@link #propagate(Runnable)}, for a task with a result. */
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

    /** Returns a task that runs inside this session, on any thread, even if this scope is closed by then. */
    public Runnable wrap(Runnable task) {
        return inside(entries, task);
    }

    /** Returns a task that runs inside this session, on any thread, even if this scope is closed by then. */
    public <T> Callable<T> wrap(Callable<T> task) {
        return inside(entries, task);
    }

    /** Returns an executor whose tasks run inside this session. */
    public Executor wrap(Executor executor) {
        return task -> executor.execute(wrap(task));
    }

    /** Returns a view of the executor service: tasks submitted through the view run inside this session. */
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

    /** The name for messages, such as {@code project/my-experiment}. */
    @Override
    public String toString() {
        return entries.workspace() + "/" + entries.session();
    }

    /**
     * A scope that is not open yet, and the description of its session. Only the parts given here overwrite those in
     * {@code session.json}. They are written together with the first record that is logged in the scope.
     */
    public static final class Builder {

        private final String workspace;
        private final String session;
        private final ObjectNode given = SessionDescription.nothing();

        private Builder(String workspace, String session) {
            this.workspace = workspace;
            this.session = session;
        }

        /** A text for people; null removes an earlier one. */
        public Builder description(@Nullable String description) {
            given.put("description", description);
            return this;
        }

        /** Keywords to find the session by; they replace earlier ones. */
        public Builder tags(String... tags) {
            given.set("tags", SessionDescription.json("tags", List.of(tags)));
            return this;
        }

        /** Where Dreamlake shows the session, such as {@code /experiments/2025}; null removes an earlier one. */
        public Builder folder(@Nullable String folder) {
            given.put("folder", folder);
            return this;
        }

        /**
         * Anything else worth knowing, such as hyperparameters; null removes earlier metadata.
         *
         * @throws IllegalArgumentException if it has no JSON form
         */
        public Builder metadata(@Nullable Map<String, ?> metadata) {
            given.set("metadata", SessionDescription.json("metadata", metadata));
            return this;
        }

        /** Opens the scope. The same thread must close it. */
        public DreamlakeSession open() {
            SessionName name = new SessionName(workspace, session);
            String description =
                    given.isEmpty() ? null : SessionDescription.of(name, given).toText();
            return DreamlakeSession.open(new MdcEntries(workspace, session, description, null));
        }
    }
}
