package ai.dreamlake.logback;

import ai.dreamlake.logback.internal.session.ScopedExecutorService;
import ai.dreamlake.logback.internal.session.SessionDescription;
import ai.dreamlake.logback.internal.session.SessionKeys;
import ai.dreamlake.logback.internal.session.SessionName;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;
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
 * <p>A scope consists only of MDC entries: {@code dreamlake.workspace}, {@code dreamlake.session} and, if a description
 * is given, {@code dreamlake.description}. Without a configured appender it has no effect. A framework that puts these
 * entries into the MDC itself needs no scope.
 *
 * <p>The thread that opened a scope must close it. Closing restores what was there before, so scopes nest. Closing
 * twice, or closing an outer scope before an inner one, does no harm. If another thread closes a scope, its entries
 * stay in the MDC of the thread that opened it, until that thread closes an enclosing scope or clears its MDC.
 *
 * <p>Threads do not inherit sessions. {@link #wrap(Runnable)} and its overloads carry a session to other threads,
 * platform or virtual.
 */
public final class DreamlakeSession implements AutoCloseable {

    /**
     * The innermost open scope of each thread. The reference is weak, and of a JDK type, so that a scope left open on a
     * pooled thread does not keep our class loader alive.
     */
    private static final ThreadLocal<WeakReference<DreamlakeSession>> INNERMOST = new ThreadLocal<>();

    /** The three MDC entries; each may be null. */
    private record Entries(
            @Nullable String workspace,
            @Nullable String session,
            @Nullable String description) {

        static Entries inMdc() {
            return new Entries(
                    MDC.get(SessionKeys.WORKSPACE), MDC.get(SessionKeys.SESSION), MDC.get(SessionKeys.DESCRIPTION));
        }

        void toMdc() {
            put(SessionKeys.WORKSPACE, workspace);
            put(SessionKeys.SESSION, session);
            put(SessionKeys.DESCRIPTION, description);
        }

        private static void put(String key, @Nullable String value) {
            if (value == null) {
                MDC.remove(key);
            } else {
                MDC.put(key, value);
            }
        }
    }

    private final Entries entries;

    /** What was in the MDC before. */
    private final Entries before;

    /** The scope around this one, or null. */
    private final @Nullable DreamlakeSession outer;

    private final long thread = Thread.currentThread().getId();
    private volatile boolean closed;

    private DreamlakeSession(Entries entries, Entries before, @Nullable DreamlakeSession outer) {
        this.entries = entries;
        this.before = before;
        this.outer = outer;
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
        Entries entries = Entries.inMdc();
        if (entries.session() == null) {
            return Optional.empty();
        }
        DreamlakeSession view = new DreamlakeSession(entries, entries, null);
        view.closed = true;
        return Optional.of(view);
    }

    private static DreamlakeSession open(Entries entries) {
        WeakReference<DreamlakeSession> outer = INNERMOST.get();
        DreamlakeSession scope = new DreamlakeSession(entries, Entries.inMdc(), outer == null ? null : outer.get());
        entries.toMdc();
        INNERMOST.set(new WeakReference<>(scope));
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

    /** Restores what was there before. Never throws. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (Thread.currentThread().getId() != thread) {
            return; // the entries are in another thread's MDC
        }
        DreamlakeSession last = null;
        DreamlakeSession open = innermost();
        while (open != null && open.closed) {
            last = open;
            open = open.outer;
        }
        if (last == null) {
            return; // an inner scope is still open; closing it also ends this one
        }
        last.before.toMdc();
        if (open == null) {
            INNERMOST.remove();
        } else {
            INNERMOST.set(new WeakReference<>(open));
        }
    }

    /**
     * The innermost scope of this thread; or this one if the innermost was garbage-collected unclosed: then all scopes
     * inside this one count as closed.
     */
    private DreamlakeSession innermost() {
        WeakReference<DreamlakeSession> innermost = INNERMOST.get();
        DreamlakeSession scope = innermost == null ? null : innermost.get();
        return scope == null ? this : scope;
    }

    /** Closes this scope, and all scopes inside it that were left open. */
    private void closeAll() {
        for (DreamlakeSession scope = innermost(); scope != null && scope != this; scope = scope.outer) {
            scope.closed = true;
        }
        close();
    }

    /** Returns a task that runs inside this session, on any thread, even if this scope is closed by then. */
    public Runnable wrap(Runnable task) {
        return () -> {
            DreamlakeSession scope = open(entries);
            try {
                task.run();
            } finally {
                scope.closeAll(); // the thread is reused
            }
        };
    }

    /** Returns a task that runs inside this session, on any thread, even if this scope is closed by then. */
    public <T> Callable<T> wrap(Callable<T> task) {
        return () -> {
            DreamlakeSession scope = open(entries);
            try {
                return task.call();
            } finally {
                scope.closeAll();
            }
        };
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
            return DreamlakeSession.open(new Entries(workspace, session, description));
        }
    }
}
