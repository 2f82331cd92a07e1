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
 * Carries a thread's session wherever Micrometer's context propagation carries its context: to the threads of a pool,
 * or to Reactor's operators. {@link ContextRegistry} finds this class by itself; nothing has to be configured. Only an
 * application that has this library on its module path must register it:
 * {@code ContextRegistry.getInstance().registerThreadLocalAccessor(new SessionAccessor())}.
 *
 * <p>Code that runs under a snapshot logs to the session of the thread that made the snapshot, even if the
 * {@link ai.dreamlake.logback.DreamlakeSession scope} is closed by then. Afterwards the thread's previous session is
 * restored. A snapshot of a thread without a session changes nothing, unless the snapshot's factory clears missing
 * values.
 *
 * <p>This touches only the MDC entries that a scope consists of, and keeps other accessors from changing them. An
 * accessor that carries the whole MDC as a map, such as Micrometer's own {@code Slf4jThreadLocalAccessor}, would put
 * the session of a task back into the MDC after the task, forever. So it is replaced in the registry, under its key, by
 * one that does the same but leaves these entries as they are. Register such an accessor when the application starts.
 *
 * <p>A name under another key, set as an appender's {@code sessionKey}, is not carried. Thread-safe.
 *
 * @since 0.2.0
 */
public final class SessionAccessor implements ThreadLocalAccessor<MdcEntries> {

    /** The key of the session in a snapshot, and in a Reactor context. */
    public static final String KEY = SessionKeys.SESSION;

    private static final String PROBED = SessionAccessor.class.getName();

    /** Entries that name no session, because an accessor may log while it is probed. */
    private static final MdcEntries PROBE = new MdcEntries("", "", null, PROBED);

    private static final Set<String> PROBE_KEYS = Set.of(SessionKeys.WORKSPACE, SessionKeys.SESSION, SessionKeys.SCOPE);

    /** The registry's accessors when they were last checked. None of them changes the session's entries. */
    private volatile List<ThreadLocalAccessor<?>> checked = List.of();

    /** Creates an accessor. The registry calls this, by {@link java.util.ServiceLoader}. */
    public SessionAccessor() {}

    /** {@return {@link #KEY}} */
    @Override
    public Object key() {
        return KEY;
    }

    /** {@return the session's names, and the id of the scope that set them; null if the thread has no session} */
    @Override
    public @Nullable MdcEntries getValue() {
        replaceInterfering();
        MdcEntries entries = Scopes.valid(MdcEntries.ofThread(), null);
        return entries.isEmpty() ? null : entries;
    }

    /**
     * Sets the session of this thread, without its scope, which may be closed at any moment. A thread that has this
     * very scope open keeps it; otherwise closing it would restore nothing.
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

    /** Removes the session from this thread. */
    @Override
    public void setValue() {
        MdcEntries.NONE.toThread();
    }

    /** Restores the previous session with its scope, unless that was closed in the meantime. */
    @Override
    public void restore(MdcEntries previous) {
        Scopes.valid(previous, null).toThread();
    }

    /** Removes the session from this thread, which had none before. */
    @Override
    public void restore() {
        MdcEntries.NONE.toThread();
    }

    /**
     * Replaces the accessors that would change the session's entries. Called from {@link #getValue}, since the registry
     * asks for that before it captures or sets anything.
     */
    private void replaceInterfering() {
        ContextRegistry registry = ContextRegistry.getInstance();
        if (registry.getThreadLocalAccessors().equals(checked)) {
            return;
        }
        synchronized (this) {
            for (ThreadLocalAccessor<?> accessor : registry.getThreadLocalAccessors()) {
                if (accessor != this && carriesSession(accessor)) {
                    registry.registerThreadLocalAccessor(new SessionKeepingAccessor<>(accessor));
                }
            }
            checked = List.copyOf(registry.getThreadLocalAccessors());
        }
    }

    /** Whether an accessor's value would contain the session's entries. */
    private static boolean carriesSession(ThreadLocalAccessor<?> accessor) {
        if (accessor instanceof SessionKeepingAccessor) {
            return false;
        }
        MdcEntries here = MdcEntries.ofThread();
        PROBE.toThread();
        try {
            return accessor.getValue() instanceof Map<?, ?> map
                    && PROBE_KEYS.stream().anyMatch(map::containsKey);
        } catch (RuntimeException | Error itsOwn) {
            return false; // its next caller will get the same failure
        } finally {
            here.toThread();
        }
    }
}
