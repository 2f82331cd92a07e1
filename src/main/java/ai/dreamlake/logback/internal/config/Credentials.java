package ai.dreamlake.logback.internal.config;

import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** How the appender identifies itself to a server. Thread-safe. */
public sealed interface Credentials {

    /**
     * The token for the next call. Returns the same text until the token changes.
     *
     * @throws IOException if there is none at the moment; its message names where it should come from, and no secret
     */
    String token() throws IOException;

    /**
     * Identifies whose records these are, as far as that is known now. So the same user with a new token finds records
     * that are left from the old one. This is the user's name, or what a JSON Web Token says about its user. It is
     * empty for other tokens, and if there is none.
     */
    default String user() {
        try {
            return userOf(token());
        } catch (IOException noTokenYet) {
            return "";
        }
    }

    private static String userOf(String token) {
        String[] parts = token.split("\\.");
        try {
            JsonNode claims =
                    new JsonMapper().readTree(Base64.getUrlDecoder().decode(parts.length == 3 ? parts[1] : "e30"));
            return claims.path("userId").asString("") + claims.path("sub").asString("");
        } catch (IllegalArgumentException | JacksonException noWebToken) {
            return "";
        }
    }

    /** Reports a fault and returns null if there is not exactly one of the four, or if that is invalid. */
    static @Nullable Credentials of(Destination destination, Faults faults) {
        List<String> given = destination.givenTokens();
        if (given.isEmpty()) {
            faults.add(
                    "apiKey",
                    null,
                    "a <remote> needs an <apiKey>, an <apiKeyFile> or a <tokenProvider>, "
                            + "or a <userName> for a server in development mode.");
            return null;
        }
        if (given.size() > 1) {
            faults.add(given.get(1), Faults.HIDDEN, "there is an <" + given.get(0) + ">, too; give one of them.");
            return null;
        }
        if (destination.apiKey() != null) {
            return apiKey(destination.apiKey(), faults);
        }
        if (destination.apiKeyFile() != null) {
            return file(destination.apiKeyFile(), faults);
        }
        if (destination.tokenProvider() != null) {
            return new Provider(destination.tokenProvider());
        }
        String userName = Objects.requireNonNull(destination.userName());
        return faults.isDefined("userName", userName, userName) ? new UserName(userName, Instant::now) : null;
    }

    private static @Nullable Credentials apiKey(String text, Faults faults) {
        if (!faults.isDefined("apiKey", text, Faults.HIDDEN)) {
            return null;
        }
        if (HeaderText.isToken(text)) {
            return new ApiKey(text);
        }
        faults.add("apiKey", Faults.HIDDEN, HeaderText.NO_TOKEN);
        return null;
    }

    private static @Nullable Credentials file(String text, Faults faults) {
        if (!faults.isDefined("apiKeyFile", text, text)) {
            return null;
        }
        TokenFile file;
        try {
            file = new TokenFile(Path.of(text).toAbsolutePath().normalize(), System::nanoTime);
        } catch (InvalidPathException fault) {
            faults.add("apiKeyFile", text, "that is not a valid path here (" + fault.getReason() + "); name a file.");
            return null;
        }
        try {
            file.token();
        } catch (IOException later) {
            faults.warn(later.getMessage() + ". Records wait until it does.");
        }
        return new ApiKeyFile(file);
    }

    /** A token that never changes. None of these classes is a record, whose toString would show the token. */
    final class ApiKey implements Credentials {
        private final String key;

        private ApiKey(String key) {
            this.key = key;
        }

        @Override
        public String token() {
            return key;
        }
    }

    /** A token in a file. */
    final class ApiKeyFile implements Credentials {
        private final TokenFile file;

        private ApiKeyFile(TokenFile file) {
            this.file = file;
        }

        @Override
        public String token() throws IOException {
            return file.token();
        }
    }

    /** Tokens from the application. */
    final class Provider implements Credentials {
        private final ProvidedTokens tokens;

        private Provider(ProvidedTokens tokens) {
            this.tokens = tokens;
        }

        @Override
        public String token() throws IOException {
            return tokens.token();
        }
    }

    /** A user's name, from which the token for development mode is made. */
    final class UserName implements Credentials {

        /** A token is valid for thirty days, and some programs run longer. */
        private static final Duration RENEWAL = Duration.ofDays(1);

        private final String userName;
        private final Supplier<Instant> clock;

        // Guarded by this.
        private String token = "";
        private Instant made = Instant.MIN;

        UserName(String userName, Supplier<Instant> clock) {
            this.userName = userName;
            this.clock = clock;
        }

        @Override
        public synchronized String token() {
            Instant now = clock.get();
            if (now.isBefore(made) || !now.isBefore(made.plus(RENEWAL))) {
                token = DevelopmentToken.of(userName, now);
                made = now;
            }
            return token;
        }

        @Override
        public String user() {
            return userName;
        }
    }
}
