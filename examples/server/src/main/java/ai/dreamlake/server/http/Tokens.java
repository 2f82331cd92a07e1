package ai.dreamlake.server.http;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.source.ImmutableSecret;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.HexFormat;
import java.util.Set;

/** JSON Web Tokens, signed with HS256 and a secret that both sides know. Thread-safe. */
public final class Tokens {

    /** How long a token is valid by default. */
    public static final Duration LIFE = Duration.ofDays(30);

    private static final String USER_ID = "userId";
    private static final String USER_NAME = "userName";

    /** The names that today's Dreamlake uses for the two. */
    private static final String OTHER_USER_ID = "sub";

    private static final String OTHER_USER_NAME = "username";

    private final byte[] secret;
    private final DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();

    /** @throws IllegalArgumentException if the secret is shorter than the 32 bytes that HS256 requires */
    public Tokens(String secret) {
        this.secret = secret.getBytes(StandardCharsets.UTF_8);
        if (this.secret.length < 32) {
            throw new IllegalArgumentException("JWT_SECRET is too short: HS256 requires 32 bytes or more.");
        }
        processor.setJWSKeySelector(
                new JWSVerificationKeySelector<>(JWSAlgorithm.HS256, new ImmutableSecret<>(this.secret)));
        DefaultJWTClaimsVerifier<SecurityContext> verifier = new DefaultJWTClaimsVerifier<>(null, Set.of("exp"));
        verifier.setMaxClockSkew(0);
        processor.setJWTClaimsSetVerifier(verifier);
    }

    /** @throws ApiException 401 if the token is absent, expired, signed with another secret, or names no user */
    User user(String token) {
        if (token == null) {
            throw new ApiException(401, "a token is required: Authorization: Bearer …");
        }
        try {
            JWTClaimsSet claims = processor.process(token, null);
            Object id = claim(claims, USER_ID, OTHER_USER_ID);
            boolean isUser = id instanceof Number || id instanceof String text && !text.isBlank();
            if (isUser && claims.getExpirationTime() != null) {
                Object name = claim(claims, USER_NAME, OTHER_USER_NAME);
                return new User(id.toString(), name == null ? null : name.toString());
            }
        } catch (ParseException | BadJOSEException | JOSEException fault) {
            // Reported below.
        }
        throw new ApiException(401, "the token is invalid or expired");
    }

    private static Object claim(JWTClaimsSet claims, String name, String otherName) {
        Object value = claims.getClaim(name);
        return value == null ? claims.getClaim(otherName) : value;
    }

    /** The token that Dreamlake's clients make from a user's name in development mode. */
    public String ofName(String userName, Instant now) {
        return ofName(userName, now, LIFE);
    }

    /** @param life how long the token is valid */
    public String ofName(String userName, Instant now, Duration life) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(userName.getBytes(StandardCharsets.UTF_8));
            String number = new BigInteger(HexFormat.of().formatHex(digest, 0, 8), 16).toString();
            JWTClaimsSet claims = new JWTClaimsSet.Builder()
                    .claim(USER_ID, number.substring(0, Math.min(10, number.length())))
                    .claim(USER_NAME, userName)
                    .issueTime(Date.from(now))
                    .expirationTime(Date.from(now.plus(life)))
                    .build();
            SignedJWT token = new SignedJWT(new JWSHeader(JWSAlgorithm.HS256), claims);
            token.sign(new MACSigner(secret));
            return token.serialize();
        } catch (NoSuchAlgorithmException | JOSEException impossible) {
            throw new IllegalStateException("every Java has SHA-256 and HmacSHA256", impossible);
        }
    }
}
