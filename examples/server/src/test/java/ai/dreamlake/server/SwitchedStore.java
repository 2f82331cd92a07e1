package ai.dreamlake.server;

import ai.dreamlake.server.store.Level;
import ai.dreamlake.server.store.NewRecord;
import ai.dreamlake.server.store.Store;
import ai.dreamlake.server.store.StoreException;
import ai.dreamlake.server.store.sqlite.SqliteStore;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** A real store that can be switched off and on, and counts its calls. */
final class SwitchedStore {

    /** The user id of alice in development mode. */
    private static final String USER = "3159282601";

    volatile boolean isAway;

    private final Map<String, Integer> calls = new ConcurrentHashMap<>();
    private final Map<String, Integer> callsLeft = new ConcurrentHashMap<>();
    private final Map<String, Runnable> actions = new ConcurrentHashMap<>();
    private final Store real;

    SwitchedStore(Path data) {
        real = new SqliteStore(data);
    }

    Store store() {
        Class<?>[] interfaces = {Store.class};
        return (Store) Proxy.newProxyInstance(
                Store.class.getClassLoader(), interfaces, (proxy, method, arguments) -> call(method, arguments));
    }

    private Object call(Method method, Object[] arguments) throws Throwable {
        calls.merge(method.getName(), 1, Integer::sum);
        Integer left = callsLeft.computeIfPresent(method.getName(), (name, count) -> count - 1);
        Runnable action = left != null && left < 0 ? actions.remove(method.getName()) : null;
        if (action != null) {
            callsLeft.remove(method.getName());
            action.run();
            left = null;
        }
        boolean fails = isAway || left != null && left < 0;
        if (fails && !method.getName().equals("close")) {
            throw StoreException.unavailable(new IOException("switched off"));
        }
        try {
            return method.invoke(real, arguments);
        } catch (InvocationTargetException failure) {
            throw failure.getCause();
        }
    }

    /** How often a method was called. */
    int calls(String method) {
        return calls.getOrDefault(method, 0);
    }

    /** Makes a method fail after this many more calls. */
    void failAfter(String method, int count) {
        callsLeft.put(method, count);
    }

    /** Runs an action once, before the call that follows this many more calls of a method. */
    void doAfter(String method, int count, Runnable action) {
        actions.put(method, action);
        callsLeft.put(method, count);
    }

    /** Deletes one of alice's sessions. */
    void delete(String session) {
        real.delete(USER, session);
    }

    /** Appends a record for alice, of which the server is not notified. */
    void append(String session, String message) {
        real.append(USER, session, null, List.of(new NewRecord(Instant.now(), Level.INFO, message, null)));
    }
}
