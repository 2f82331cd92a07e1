package ai.dreamlake.logback.internal.config;

import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** By what a server knows us: a token, or a user's name that makes one in development mode. */
public final class Credentials {

    private final @Nullable String apiKey;
    private final String userName;

    private Credentials(@Nullable String apiKey, String userName) {
        this.apiKey = apiKey;
        this.userName = userName;
    }

    /** Null, and a fault, if there is not exactly one of the two, or if it is no good. */
    static @Nullable Credentials of(AppenderProperties properties, Faults faults) {
        List<String> given = given(properties);
        if (given.isEmpty()) {
            faults.add(
                    "apiKey", null, "a <remote> needs an <apiKey>, or a <userName> for a server in development mode.");
            return null;
        }
        if (given.size() > 1) {
            faults.add(given.get(1), Faults.HIDDEN, "there is an <" + given.get(0) + ">, too; give one of them.");
            return null;
        }
        String apiKey = Faults.textOrNone(properties.apiKey);
        if (apiKey == null) {
            String userName = Objects.requireNonNull(Faults.textOrNone(properties.userName));
            return faults.isDefined("userName", userName, userName) ? new Credentials(null, userName) : null;
        }
        if (!faults.isDefined("apiKey", apiKey, Faults.HIDDEN)) {
            return null;
        }
        if (!apiKey.chars().allMatch(character -> character > ' ' && character < 0x7F)) {
            faults.add("apiKey", Faults.HIDDEN, "it has characters that no header can have.");
            return null;
        }
        return new Credentials(apiKey, "");
    }

    /** The properties that have a value and of which there can be one. */
    static List<String> given(AppenderProperties properties) {
        return Stream.of(
                        Faults.textOrNone(properties.apiKey) == null ? null : "apiKey",
                        Faults.textOrNone(properties.userName) == null ? null : "userName")
                .filter(Objects::nonNull)
                .toList();
    }

    /**
     * The token for the next call. One of development mode lives for thirty days, and some programs longer, so it is
     * new.
     */
    public String token() {
        return apiKey != null ? apiKey : DevelopmentToken.of(userName, Instant.now());
    }

    /**
     * Whose records these are, as far as it can be told. With a new token, the same user finds what the old one left.
     * The user's name, or what a JSON Web Token says about its user; empty for other tokens.
     */
    String user() {
        if (apiKey == null) {
            return userName;
        }
        String[] parts = apiKey.split("\\.");
        try {
            JsonNode claims =
                    new JsonMapper().readTree(Base64.getUrlDecoder().decode(parts.length == 3 ? parts[1] : "e30"));
            return claims.path("userId").asString("") + claims.path("sub").asString("");
        } catch (IllegalArgumentException | JacksonException noWebToken) {
            return "";
        }
    }
}
