package ai.dreamlake.logback.internal.config;

import java.io.IOException;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/** Tokens that the application's own code supplies. */
public final class ProvidedTokens {

    private final String provider;
    private final Callable<@Nullable String> tokens;

    /** @param provider a name for messages */
    public ProvidedTokens(String provider, Callable<@Nullable String> tokens) {
        this.provider = provider;
        this.tokens = tokens;
    }

    /** @throws IOException if there is none; its message names the provider and no secret */
    String token() throws IOException {
        String given;
        try {
            given = tokens.call();
        } catch (Exception | LinkageError failure) {
            if (failure instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            throw new IOException(
                    "<tokenProvider> " + provider + " failed: "
                            + failure.getClass().getName(),
                    failure);
        }
        return HeaderText.token("<tokenProvider> " + provider, given);
    }
}
