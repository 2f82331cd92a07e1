package ai.dreamlake.logback.micrometer;

import ai.dreamlake.logback.internal.session.MdcEntries;
import ai.dreamlake.logback.internal.session.Scopes;
import ai.dreamlake.logback.internal.session.SessionKeys;
import io.micrometer.context.ContextRegistry;
import io.micrometer.context.ThreadLocalAccessor;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Carries a thread's session to wherever Micrometer's context propagation carries its context: to the threads of a
 * pool, to Reactor's operators. {@link ContextRegistry} finds this class by itself; nothing has to be configured. Only
 * an application that has this library on its module path registers it:
 * {@code ContextRegistry.getInstance().registerThreadLocalAccessor(new SessionAccessor())}.
 *
 * <p>What runs under a snapshot logs in the session of the thread that made the snapshot, even if the
 * {@link ai.dreamlake.logback.DreamlakeSession scope} is closed by then. Afterwards the thread has back what it had
 * before. A snapshot of a thread without a session changes nothing, unless the snapshot's factory clears what is
 * missing.
 *
 * <p>Only the MDC entries that a scope consists of are touched, and nobody else changes them: where an accessor carries
 * the whole MDC as a map, such as Micrometer's own {@code Slf4jThreadLocalAccessor}, it is replaced in the registry,
 * under its key, by one that does the same and leaves these entries as they are. Otherwise it would put the session of
 * a task back into the MDC after the task, for good. Register such an accessor when the application starts.
 *
 * <p>A name under another key, which an appender's {@code sessionKey} names, is not carried. Thread-safe.
 */
public final class SessionAccessor implements ThreadLocalAccessor<MdcEntries> {

    /** The key of the session in a snapshot, and in Reactor's context. */
    public static final String KEY = SessionKeys.SESSION;

    private static final String PROBED = SessionAccessor.class.getName();

    /** Entries that name nothing: an accessor may log while it is probed. */
    private static final MdcEntries PROBE = new MdcEntries("", "", null, PROBED);

    private static final Set<String> PROBE_KEYS = Set.of(SessionKeys.WORKSPACE, SessionKeys.SESSION, SessionKeys.SCOPE);

    /** The registry's accessors, none of which changes the session's entries. */
    private volatile List<ThreadLocalAccessor<?>> harmless = List.of();

    /** For the registry, which finds this class on the class path by {@link java.util.ServiceLoader}. */
    public SessionAccessor() {}

    @Override
    public Object key() {
        return KEY;
    }

    /** The names, and the id of the scope that put them there; null if the thread has no session. */
    @Override
    public @Nullable MdcEntries getValue() {
        keepOthersAway();
        MdcEntries entries = Scopes.valid(MdcEntries.ofThread(), null);
        return entries.isEmpty() ? null : entries;
    }

    /**
     * Names the session, without its scope, which may be closed at any moment. The thread that has the scope open keeps
     * it: closing it would restore nothing otherwise.
     */
    @Override
    public void setValue(MdcEntries value) {
        if (!isHere(value)) {
            value.withScope(null).toThread();
        }
    }

    private static boolean isHere(MdcEntries value) {
        MdcEntries here = MdcEntries.ofThread();
        return here.equals(value) && Scopes.valid(here, null).equals(here);
    }

    @Override
    public void setValue() {
        MdcEntries.NONE.toThread();
    }

    /** Brings back what was there, with its scope, unless that was closed in the meantime. */
    @Override
    public void restore(MdcEntries previous) {
        Scopes.valid(previous, null).toThread();
    }

    @Override
    public void restore() {
        MdcEntries.NONE.toThread();
    }

    /** Before anything is captured or set, this accessor is asked for its value. */
    private void keepOthersAway() {
        ContextRegistry registry = ContextRegistry.getInstance();
        if (registry.getThreadLocalAccessors().equals(harmless)) {
            return;
        }
        synchronized (this) {
            for (ThreadLocalAccessor<?> accessor : registry.getThreadLocalAccessors()) {
                if (accessor != this && carriesSession(accessor)) {
                    registry.registerThreadLocalAccessor(new SparingAccessor<>(accessor));
                }
            }
            harmless = List.copyOf(registry.getThreadLocalAccessors());
        }
    }

    /** Whether an accessor has the session's entries in its value, once there are some. */
    private static boolean carriesSession(ThreadLocalAccessor<?> accessor) {
        if (accessor instanceof SparingAccessor) {
            return false;
        }
        MdcEntries here = MdcEntries.ofThread();
        PROBE.toThread();
        try {
            return accessor.getValue() instanceof Map<?, ?> map
                    && PROBE_KEYS.stream().anyMatch(map::containsKey);
        } catch (RuntimeException | Error itsOwn) {
            return false; // it will tell whoever asks it next
        } finally {
            here.toThread();
        }
    }
}
