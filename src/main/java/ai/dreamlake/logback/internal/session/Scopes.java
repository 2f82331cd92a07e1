package ai.dreamlake.logback.internal.session;

import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Knows whether a scope that an MDC names is still open and, if it is not, which entries apply instead.
 *
 * <p>Each scope puts its own id into the MDC, and every copy of the MDC carries it along. So a scope that is closed on
 * one thread is recognized as closed on all others.
 *
 * <p>A scope, open or closed, is remembered as long as its id is carried: by an MDC, a copy of one, an event in a
 * queue, or the scope itself. The table refers weakly to the id's String, and has an equal String as its key. So
 * neither unclosed nor closed scopes pile up: nobody can ask about an id that nobody has. A scope that nobody closed
 * and nobody carries counts as closed. So does an id of this JVM that is rebuilt from its characters and asked about.
 * An id of another JVM counts as open, since this JVM cannot know.
 *
 * <p>Thread-safe.
 */
public final class Scopes {

    /**
     * A remembered scope carries the id of the one around it. This bounds the chain, since a thread that opens scopes
     * and never closes any would keep all of them. It also bounds how many garbage collections it takes to remove a
     * chain.
     */
    static final int MAX_DEPTH = 16;

    /** Differs between JVMs, and between copies of this class in one of them. */
    private static final String PREFIX =
            Long.toUnsignedString(ThreadLocalRandom.current().nextLong(), Character.MAX_RADIX) + "-";

    private static final AtomicLong LAST = new AtomicLong();
    private static final Map<String, Scope> CARRIED = new ConcurrentHashMap<>();

    /** How many scopes are open, by {@link Scope#session}. No count is 0. */
    private static final Map<String, Integer> OPEN = new ConcurrentHashMap<>();

    private static final List<Consumer<MdcEntries>> LISTENERS = new CopyOnWriteArrayList<>();
    private static final ReferenceQueue<String> NO_LONGER_CARRIED = new ReferenceQueue<>();

    /** Refers to the very String that the MDC carries as its id. */
    private static final class Scope extends WeakReference<String> {
        final String key;

        /** Without the id, which would keep itself alive here. */
        final MdcEntries names;

        /** What scopes of the same session have in common. */
        final String session;

        final MdcEntries previous;
        final int depth;
        volatile @Nullable Instant closedAt;

        Scope(String id, String key, MdcEntries names, MdcEntries previous, int depth) {
            super(id, NO_LONGER_CARRIED);
            this.key = key;
            this.names = names;
            this.session = nameOf(names.workspace(), names.session());
            this.previous = previous;
            this.depth = depth;
        }
    }

    private Scopes() {}

    /**
     * Opens a scope.
     *
     * @param names what the scope names; an id in it is ignored
     * @param previous the entries that apply once the scope is closed
     * @return the names with the scope's id
     */
    public static MdcEntries open(MdcEntries names, MdcEntries previous) {
        forgetUncarried();
        long number = LAST.incrementAndGet();
        String id = PREFIX + number;
        String key = PREFIX + number; // equal, but another object
        Scope outer = previous.scope() == null ? null : CARRIED.get(previous.scope());
        int depth = outer == null ? 0 : outer.depth + 1;
        boolean tooDeep = depth == MAX_DEPTH;
        Scope scope =
                new Scope(id, key, names.withScope(null), tooDeep ? MdcEntries.NONE : previous, tooDeep ? 0 : depth);
        OPEN.merge(scope.session, 1, Integer::sum); // first: without memory, a scope too many does less harm
        CARRIED.put(key, scope);
        return names.withScope(id);
    }

    private static void forgetUncarried() {
        for (Reference<? extends String> dropped = NO_LONGER_CARRIED.poll();
                dropped != null;
                dropped = NO_LONGER_CARRIED.poll()) {
            if (dropped instanceof Scope scope) {
                CARRIED.remove(scope.key);
                close(scope);
            }
        }
    }

    /**
     * Closes a scope. The caller still has the id from {@link #open}.
     *
     * @return false if it was already closed
     */
    public static boolean close(String id) {
        Scope scope = CARRIED.get(id);
        return scope != null && close(scope);
    }

    private static boolean close(Scope scope) {
        synchronized (scope) {
            if (scope.closedAt != null) {
                return false;
            }
            scope.closedAt = Instant.now();
        }
        Integer stillOpen = OPEN.computeIfPresent(scope.session, (session, open) -> open == 1 ? null : open - 1);
        if (stillOpen == null && !isNamedAround(scope)) {
            LISTENERS.forEach(listener -> tell(listener, scope.names));
        }
        return true;
    }

    private static String nameOf(@Nullable String workspace, @Nullable String session) {
        return workspace + "/" + session;
    }

    /** Whether a scope with these very names is open on any thread; null stands for a name that scopes left open. */
    public static boolean isOpen(@Nullable String workspace, @Nullable String session) {
        return OPEN.containsKey(nameOf(workspace, session));
    }

    /** The thread may only be opening a scope, and that must not fail because of another one. */
    private static void tell(Consumer<MdcEntries> listener, MdcEntries names) {
        try {
            listener.accept(names);
        } catch (Throwable notNow) {
            // Stack or memory is exhausted, so the session keeps its mark for now.
        }
    }

    /** Whether the same session applies after a scope, such as one that a framework named in the MDC before it. */
    private static boolean isNamedAround(Scope scope) {
        MdcEntries after = valid(scope.previous, null);
        return Objects.equals(scope.names.session(), after.session())
                && Objects.equals(scope.names.workspace(), after.workspace());
    }

    /**
     * Adds a listener for sessions that no open scope of any thread names any more. It is not called if a framework
     * named the same session around the scope that is closed last.
     *
     * <p>If that scope is never closed, the listener is called by a later {@link #open}, once nobody carries it.
     *
     * @param listener called by the thread that closes a scope, with the scope's names; must not throw
     */
    public static void addCloseListener(Consumer<MdcEntries> listener) {
        LISTENERS.add(listener);
    }

    public static void removeCloseListener(Consumer<MdcEntries> listener) {
        LISTENERS.remove(listener);
    }

    /** Whether a scope is closed by now. */
    public static boolean isClosed(String id) {
        return isClosed(id, null);
    }

    private static boolean isClosed(String id, @Nullable Instant moment) {
        Scope scope = CARRIED.get(id);
        if (scope == null) {
            return id.startsWith(PREFIX);
        }
        Instant closedAt = scope.closedAt;
        return closedAt != null && (moment == null || closedAt.isBefore(moment));
    }

    /**
     * The entries that apply. These are the given ones, if no scope put them there or if that scope was open.
     * Otherwise, each entry that is still as the scope set it is replaced by the one from before the scope. That is
     * repeated as long as the result is from a closed scope, too. An entry that was changed since then is kept.
     *
     * @param moment the time at which they must apply; null for now
     */
    public static MdcEntries valid(MdcEntries given, @Nullable Instant moment) {
        MdcEntries valid = given;
        while (valid.scope() != null && isClosed(valid.scope(), moment)) {
            valid = previous(valid, valid.scope());
        }
        return valid;
    }

    private static MdcEntries previous(MdcEntries given, String id) {
        Scope scope = CARRIED.get(id);
        if (scope == null) {
            return MdcEntries.NONE;
        }
        MdcEntries names = scope.names;
        MdcEntries previous = scope.previous;
        return new MdcEntries(
                Objects.equals(given.workspace(), names.workspace()) ? previous.workspace() : given.workspace(),
                Objects.equals(given.session(), names.session()) ? previous.session() : given.session(),
                Objects.equals(given.description(), names.description()) ? previous.description() : given.description(),
                previous.scope());
    }

    /** For tests: how many scopes are remembered. */
    static int count() {
        forgetUncarried();
        return CARRIED.size();
    }
}
