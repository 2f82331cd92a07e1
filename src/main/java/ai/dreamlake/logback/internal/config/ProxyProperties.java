package ai.dreamlake.logback.internal.config;

import java.net.InetSocketAddress;
import java.net.Proxy;
import java.nio.charset.StandardCharsets;
import okhttp3.HttpUrl;
import org.jspecify.annotations.Nullable;

/** The properties of a {@code <proxy>} element as they were set, right or wrong, and what they mean. */
public final class ProxyProperties {

    private static final int MAX_PORT = 0xFFFF;

    public @Nullable String host;
    public int port;
    public @Nullable String user;
    public @Nullable String password;

    /** The proxy, whose address is not looked up here. Null after a fault. */
    @Nullable
    Proxy proxy(Faults faults) {
        String name = Faults.textOrNone(host);
        boolean isPort = port >= 1 && port <= MAX_PORT;
        if (!isPort) {
            faults.add("port", port, "choose the proxy's port, from 1 to 65535.");
        }
        if (name == null) {
            faults.add("host", null, "name the proxy's host.");
            return null;
        }
        if (!faults.isDefined("host", name, name)) {
            return null;
        }
        if (!isHost(name)) {
            String shown = name.contains("@") ? Faults.HIDDEN : name;
            faults.add("host", shown, "name the proxy's host alone, without http:// and port.");
            return null;
        }
        return isPort ? new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(name, port)) : null;
    }

    private static boolean isHost(String name) {
        try {
            new HttpUrl.Builder().scheme("http").host(name).build();
            return true;
        } catch (IllegalArgumentException none) {
            return false;
        }
    }

    /** The value of the header Proxy-Authorization; null if the proxy needs none, or after a fault. */
    @Nullable
    String authorization(Faults faults) {
        String name = Faults.textOrNone(user);
        if (name == null) {
            if (Faults.textOrNone(password) != null) {
                faults.add("user", null, "the proxy's <password> needs a <user>.");
            }
            return null;
        }
        if (name.contains(":")) {
            faults.add("user", Faults.HIDDEN, "a proxy's user cannot have a colon.");
            return null;
        }
        if (password == null) {
            faults.add("password", null, "the proxy's <user> needs a <password>; it may be empty.");
            return null;
        }
        return faults.isDefined("user", name, Faults.HIDDEN) && faults.isDefined("password", password, Faults.HIDDEN)
                ? okhttp3.Credentials.basic(name, password, StandardCharsets.UTF_8)
                : null;
    }
}
