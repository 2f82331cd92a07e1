package ai.dreamlake.logback;

import org.jspecify.annotations.Nullable;

/**
 * Supplies the token for the server, for tokens that expire. Set it with {@link DreamlakeAppender#setTokenProvider}, or
 * in XML, where its class needs a public constructor without parameters:
 *
 * <pre>{@code
 * <tokenProvider class="com.example.MyProvider"/>
 * }</pre>
 *
 * <p>Upload threads call it before each call to the server, several of them at once. After the server refused a token,
 * they also call it now and then to see whether there is a new one. So it must be thread-safe, and should keep its
 * token until that expires. While it waits, the records of the session in question wait as well, but no logging thread
 * does. What it logs on an upload thread does not become a record.
 *
 * <p>If records wait in a spool, {@link DreamlakeAppender#start} also calls it once, on the calling thread, to find out
 * whose spool that is.
 *
 * @since 0.2.0
 */
@FunctionalInterface
public interface DreamlakeTokenProvider {

    /**
     * Returns the current token.
     *
     * @return the token without "Bearer"; space around it is removed. Null or empty if there is none now: the call to
     *     the server is not made and is tried again later, as if the server could not be reached
     * @throws Exception if there is none now; this counts as null. The status names the exception's class, but not its
     *     message, which may contain a secret
     */
    @Nullable
    String token() throws Exception;
}
