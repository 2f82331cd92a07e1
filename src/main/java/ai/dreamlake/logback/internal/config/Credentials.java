package ai.dreamlake.logback.internal.config;

import java.time.Instant;
import java.util.Base64;
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
    static @Nullable Credentials of(@Nullable String apiKey, @Nullable String userName, Faults faults) {
        if (apiKey == null && userName == null) {
            faults.add(
                    "apiKey",
                    null,
                    "with a <remote>, give an <apiKey>, or a <userName> for a server in development mode.");
        } else if (apiKey != null && userName != null) {
            faults.add("userName", userName, "there is an <apiKey>, too; give one of them.");
        } else if (userName != null) {
            return isText("userName", userName, userName, faults) ? new Credentials(null, userName) : null;
        } else if (apiKey != null && isText("apiKey", apiKey, Faults.HIDDEN, faults)) {
            String stripped = apiKey.strip();
            if (stripped.chars().allMatch(character -> character > ' ' && character < 0x7F)) {
                return new Credentials(stripped, "");
            }
            faults.add("apiKey", Faults.HIDDEN, "it has characters that no header can have.");
        }
        return null;
    }

    private static boolean isText(String property, String value, String shown, Faults faults) {
        if (value.isBlank()) {
            faults.add(property, shown, "it is empty; is the variable set?");
            return false;
        }
        return faults.isDefined(property, value, shown);
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
