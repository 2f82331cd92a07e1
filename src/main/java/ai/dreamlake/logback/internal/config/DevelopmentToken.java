package ai.dreamlake.logback.internal.config;

import ai.dreamlake.logback.internal.io.Digests;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import tools.jackson.databind.json.JsonMapper;

/**
 * The token of Dreamlake's development mode, made from a user's name alone. Anybody can make one, so it protects
 * nothing.
 *
 * <pre>
 *   {"alg":"HS256","typ":"JWT"} . {"userId":"3159282601","userName":"alice","iat":1761733800,"exp":1764325800} . signature
 * </pre>
 */
final class DevelopmentToken {

    private static final String SECRET = "your-secret-key-change-this-in-production";
    private static final long THIRTY_DAYS_IN_SECONDS = 2_592_000;
    private static final int DIGITS_OF_A_USER_ID = 10;

    private DevelopmentToken() {}

    static String of(String userName, Instant now) {
        long issued = now.getEpochSecond();
        // Claims in this order, as the Python SDK has them.
        String claims = "{\"userId\":\"" + userId(userName)
                + "\",\"userName\":" + new JsonMapper().writeValueAsString(userName)
                + ",\"iat\":" + issued
                + ",\"exp\":" + (issued + THIRTY_DAYS_IN_SECONDS) + "}";
        String signed = base64("{\"alg\":\"HS256\",\"typ\":\"JWT\"}".getBytes(StandardCharsets.UTF_8))
                + "."
                + base64(claims.getBytes(StandardCharsets.UTF_8));
        return signed + "." + base64(sign(signed));
    }

    /** The first ten digits of a decimal number: the first eight bytes of the name's SHA-256. */
    static String userId(String userName) {
        byte[] digest = Digests.sha256(userName.getBytes(StandardCharsets.UTF_8));
        String decimal = new BigInteger(1, Arrays.copyOf(digest, Long.BYTES)).toString();
        return decimal.substring(0, Math.min(DIGITS_OF_A_USER_ID, decimal.length()));
    }

    private static byte[] sign(String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("every Java has HmacSHA256", impossible);
        }
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
