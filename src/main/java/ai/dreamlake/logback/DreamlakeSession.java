package ai.dreamlake.logback;

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
import org.slf4j.MDC;
import tools.jackson.databind.node.ObjectNode;

/**
 * A scope on the current thread: until it is closed, what the thread logs goes to this session.
 *
 * <pre>{@code
 * try (DreamlakeSession session = DreamlakeSession.open("project", "my-experiment")) {
 *     log.info("Training started");
 * }
 * }</pre>
 *
 * <p>It consists of MDC entries and nothing else: {@code dreamlake.workspace}, {@code dreamlake.session} and, where a
 * description is given, {@code dreamlake.description}. It works, without effect, where no appender is configured. A
 * framework that puts these entries into the MDC itself needs no scope.
 *
 * <p>The thread that opened a scope must close it. Then what was there before is there again: scopes nest. Closing twice,
 * or an outer scope before an inner one, does no harm. A scope closed by another thread stays in the MDC of the thread
 * that opened it, until that thread closes a scope around it or clears its MDC.
 *
 * <p>Threads inherit nothing: {@link #wrap(Runnable)} and its siblings carry a session to other threads, platform and
 * virtual.
 */
public final class DreamlakeSession implements AutoCloseable {

    /**
     * The innermost scope that is open on a thread. Weak, and therefore of the JDK's type: a scope that somebody forgets to
     * close on a pooled thread does not keep our class loader alive.
     */
    private static final ThreadLocal<WeakReference<DreamlakeSession>> INNERMOST = new ThreadLocal<>();

    /** The three MDC entries; each may be null. */
    private record Entries(String workspace, String session, String description) {

        static Entries inMdc() {
            return new Entries(
                    MDC.get(SessionKeys.WORKSPACE), MDC.get(SessionKeys.SESSION), MDC.get(SessionKeys.DESCRIPTION));
        }

        void toMdc() {
            put(SessionKeys.WORKSPACE, workspace);
            put(SessionKeys.SESSION, session);
            put(SessionKeys.DESCRIPTION, description);
        }

        private static void put(String key, String value) {
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
    private final DreamlakeSession outer;

    private final long thread = Thread.currentThread().getId();
    private volatile boolean closed;

    private DreamlakeSession(Entries entries, Entries before, DreamlakeSession outer) {
        this.entries = entries;
        this.before = before;
        this.outer = outer;
    }

    /**
     * Opens a scope for a session, which need not exist yet. The caller must close it, on the same thread.
     *
     * @param workspace a directory name
     * @param session a directory name, or several with slashes between them, which nest
     * @throws IllegalArgumentException if a name breaks a rule: the message says which
     */
    public static DreamlakeSession open(String workspace, String session) {
        return builder(workspace, session).open();
    }

    /**
     * Begins a scope with a description, which goes into the session's {@code session.json}.
     *
     * @throws IllegalArgumentException if a name breaks a rule: the message says which
     */
    public static Builder builder(String workspace, String session) {
        SessionName.of(workspace, session);
        return new Builder(workspace, session);
    }

    /**
     * The session that a scope, or a framework, has named in the MDC under {@code dreamlake.session}; empty where nobody did.
     * An appender's own keys and names are not asked. It is there to be asked and to be carried on: closing it has no effect.
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
        DreamlakeSession scope =
                new DreamlakeSession(entries, Entries.inMdc(), outer == null ? null : outer.get());
        entries.toMdc();
        INNERMOST.set(new WeakReference<>(scope));
        return scope;
    }

    /** The workspace, or null where only the session's name was put into the MDC. */
    public String workspace() {
        return entries.workspace();
    }

    /** The session's name. */
    public String name() {
        return entries.session();
    }

    /** Puts back what was there before. Never throws. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        if (Thread.currentThread().getId() != thread) {
            return; // this thread's MDC is not the one to put in order
        }
        DreamlakeSession last = null;
        DreamlakeSession open = innermost();
        while (open != null && open.closed) {
            last = open;
            open = open.outer;
        }
        if (last == null) {
            return; // an inner scope is still open, and will find this one closed
        }
        last.before.toMdc();
        if (open == null) {
            INNERMOST.remove();
        } else {
            INNERMOST.set(new WeakReference<>(open));
        }
    }

    /** The innermost scope of this thread. One that was forgotten and collected counts as closed, like all inside this one. */
    private DreamlakeSession innermost() {
        WeakReference<DreamlakeSession> innermost = INNERMOST.get();
        DreamlakeSession scope = innermost == null ? null : innermost.get();
        return scope == null ? this : scope;
    }

    /** Closes this scope together with those that were opened inside it and forgotten. */
    private void closeAll() {
        for (DreamlakeSession scope = innermost(); scope != null && scope != this; scope = scope.outer) {
            scope.closed = true;
        }
        close();
    }

    /** A task that runs inside this session, on whatever thread, also when this scope is closed by then. */
    public Runnable wrap(Runnable task) {
        return () -> {
            DreamlakeSession scope = open(entries);
            try {
                task.run();
            } finally {
                scope.closeAll(); // the thread goes on to other work
            }
        };
    }

    /** A task that runs inside this session, on whatever thread, also when this scope is closed by then. */
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

    /** An executor whose tasks run inside this session. */
    public Executor wrap(Executor executor) {
        return task -> executor.execute(wrap(task));
    }

    /** The same executor service, but tasks given to this view of it run inside this session. */
    public ExecutorService wrap(ExecutorService executor) {
        return new SessionExecutorService(executor, this);
    }

    /** The name, for messages: {@code project/my-experiment}. */
    @Override
    public String toString() {
        return entries.workspace() + "/" + entries.session();
    }

    /**
     * A scope that is not open yet, and what its session is to say of itself. Only what is given here overwrites what
     * stands in {@code session.json}; it is written together with the first record logged in the scope.
     */
    public static final class Builder {

        private final String workspace;
        private final String session;
        private final ObjectNode given = SessionDescription.nothing();

        private Builder(String workspace, String session) {
            this.workspace = workspace;
            this.session = session;
        }

        /** A sentence for people; null takes a former one away. */
        public Builder description(String description) {
            given.put("description", description);
            return this;
        }

        /** Words to find the session by, instead of former ones. */
        public Builder tags(String... tags) {
            given.set("tags", SessionDescription.json("tags", List.of(tags)));
            return this;
        }

        /** Where Dreamlake shows the session, such as {@code /experiments/2025}; null takes a former one away. */
        public Builder folder(String folder) {
            given.put("folder", folder);
            return this;
        }

        /**
         * Anything else worth knowing, such as hyperparameters; null takes former metadata away.
         *
         * @throws IllegalArgumentException if it has no JSON form
         */
        public Builder metadata(Map<String, ?> metadata) {
            given.set("metadata", SessionDescription.json("metadata", metadata));
            return this;
        }

        /** Opens the scope. The caller must close it, on the same thread. */
        public DreamlakeSession open() {
            SessionName name = new SessionName(workspace, session);
            String description = given.isEmpty() ? null : SessionDescription.of(name, given).toText();
            return DreamlakeSession.open(new Entries(workspace, session, description));
        }
    }
}
