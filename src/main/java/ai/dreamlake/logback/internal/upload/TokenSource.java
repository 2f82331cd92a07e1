package ai.dreamlake.logback.internal.upload;

import java.io.IOException;

/** Supplies the token before each call to the server. Upload threads call it, several at once. */
@FunctionalInterface
public interface TokenSource {

    /**
     * The current token. Returns the same text until the token changes.
     *
     * @throws IOException if there is none at the moment; its message says why, and holds no secret
     */
    String token() throws IOException;
}
