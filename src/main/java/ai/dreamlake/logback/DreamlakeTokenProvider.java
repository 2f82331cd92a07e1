package ai.dreamlake.logback;

import org.jspecify.annotations.Nullable;

/**
 * Supplies the token for the server, for tokens that expire. Set it with {@link DreamlakeAppender#setTokenProvider}, or
 * in a configuration, where its class needs a public constructor without parameters:
 *
 * <pre>{@code
 * <tokenProvider class="com.example.MyProvider"/>
 * }</pre>
 *
 * <p>Upload threads call it before each call to the server, several of them at once, and, after the server refused a
 * token, now and then to see whether there is a new one. So it must be thread-safe, and should keep its token until
 * that expires. While it waits, the records of the session in question wait, too; no logging thread does. What it logs
 * on an upload thread does not become a record.
 *
 * <p>If records wait in a spool, {@link DreamlakeAppender#start} calls it once as well, on the calling thread, to learn
 * whose spool that is.
 */
@FunctionalInterface
public interface DreamlakeTokenProvider {

    /**
     * The current token, without "Bearer". Space around it is removed.
     *
     * @return null or empty if there is none now: the call to the server is not made, and tried again later, as if the
     *     server could not be reached
     * @throws Exception counts as null. The status names its class, and not its message, which may hold a secret.
     */
    @Nullable
    String token() throws Exception;
}
