package ai.dreamlake.server;

import ai.dreamlake.server.store.Store;
import ai.dreamlake.server.store.StoreException;
import ai.dreamlake.server.store.sqlite.SqliteStore;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/** A real store that goes away, and comes back. */
final class SwitchedStore {

    volatile boolean isAway;

    /** How often it was asked for something. */
    final AtomicInteger calls = new AtomicInteger();

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
        calls.incrementAndGet();
        if (isAway && !method.getName().equals("close")) {
            throw StoreException.unavailable(new IOException("switched off"));
        }
        try {
            return method.invoke(real, arguments);
        } catch (InvocationTargetException failure) {
            throw failure.getCause();
        }
    }
}
