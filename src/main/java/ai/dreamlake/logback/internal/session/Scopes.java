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
 * Tells whether a scope that an MDC names is still open, and what counts where it is not.
 *
 * <p>Each scope puts an id of its own into the MDC, and every copy of the MDC carries it to wherever it goes. So a
 * scope that is closed on one thread is recognised on all others.
 *
 * <p>A scope is remembered, open or closed, as long as anybody carries its id: an MDC, a copy of one, an event in a
 * queue, the scope itself. The table holds the id's String weakly, and an equal one as its key. So nothing piles up,
 * neither scopes that nobody closes nor those that are closed: nobody can ask for an id that nobody has. An id of this
 * JVM that somebody brings all the same, put together from its characters, counts as closed. One of another JVM counts
 * as open, since nobody here can know.
 *
 * <p>Thread-safe.
 */
public final class Scopes {

    /**
     * A remembered scope carries the id of the one around it. This bounds the chain: a thread that opens scopes and
     * never closes one would remember all of them. It also bounds how many garbage collections a chain takes to go.
     */
    static final int MAX_DEPTH = 16;

    /** Differs between JVMs, and between copies of this class in one of them. */
    private static final String PREFIX =
            Long.toUnsignedString(ThreadLocalRandom.current().nextLong(), Character.MAX_RADIX) + "-";

    private static final AtomicLong LAST = new AtomicLong();
    private static final Map<String, Scope> CARRIED = new ConcurrentHashMap<>();
    private static final List<Consumer<MdcEntries>> LISTENERS = new CopyOnWriteArrayList<>();
    private static final ReferenceQueue<String> NO_LONGER_CARRIED = new ReferenceQueue<>();

    /** Refers to its id as the MDC carries it. */
    private static final class Scope extends WeakReference<String> {
        final String key;

        /** Without the id, which would keep itself alive here. */
        final MdcEntries names;

        final MdcEntries previous;
        final int depth;
        volatile @Nullable Instant closedAt;

        Scope(String id, String key, MdcEntries names, MdcEntries previous, int depth) {
            super(id, NO_LONGER_CARRIED);
            this.key = key;
            this.names = names;
            this.previous = previous;
            this.depth = depth;
        }
    }

    private Scopes() {}

    /**
     * Opens a scope.
     *
     * @param names what the scope names; an id in it is ignored
     * @param previous the entries that count once the scope is closed
     * @return the names with the scope's id
     */
    public static MdcEntries open(MdcEntries names, MdcEntries previous) {
        forgetUncarried();
        long number = LAST.incrementAndGet();
        String id = PREFIX + number;
        String key = PREFIX + number; // another object
        Scope outer = previous.scope() == null ? null : CARRIED.get(previous.scope());
        int depth = outer == null ? 0 : outer.depth + 1;
        boolean tooDeep = depth == MAX_DEPTH;
        CARRIED.put(
                key,
                new Scope(id, key, names.withScope(null), tooDeep ? MdcEntries.NONE : previous, tooDeep ? 0 : depth));
        return names.withScope(id);
    }

    private static void forgetUncarried() {
        for (Reference<? extends String> dropped = NO_LONGER_CARRIED.poll();
                dropped != null;
                dropped = NO_LONGER_CARRIED.poll()) {
            if (dropped instanceof Scope scope) {
                CARRIED.remove(scope.key);
            }
        }
    }

    /**
     * Closes a scope. The caller still has the id from {@link #open}.
     *
     * @return false if it was closed already
     */
    public static boolean close(String id) {
        Scope scope = CARRIED.get(id);
        if (scope == null) {
            return false;
        }
        synchronized (scope) {
            if (scope.closedAt != null) {
                return false;
            }
            scope.closedAt = Instant.now();
        }
        boolean isInside = Objects.equals(scope.names.session(), scope.previous.session())
                && Objects.equals(scope.names.workspace(), scope.previous.workspace());
        if (!isInside) { // of another one that names the same session
            LISTENERS.forEach(listener -> listener.accept(scope.names));
        }
        return true;
    }

    /**
     * Tells of scopes that are closed, unless the one around them names the same session.
     *
     * @param listener called by the thread that closes a scope, with what that names; throws nothing
     */
    public static void tellOfClosed(Consumer<MdcEntries> listener) {
        LISTENERS.add(listener);
    }

    public static void tellNoMore(Consumer<MdcEntries> listener) {
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
     * What counts of the entries: themselves, if no scope put them there or if it was open. Otherwise, each entry that
     * is as the scope put it is replaced by what was there before the scope, as long as that is not of a closed scope,
     * too. An entry that somebody else has changed since then stays.
     *
     * @param moment when it counts; null for now
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
