package ai.dreamlake.logback.internal.io;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** SHA-256, whole or shortened to a name for something longer. */
public final class Digests {

    /** 128 bits: no two inputs will ever have the same ones. */
    private static final int SHORT_BYTES = 16;

    private Digests() {}

    /** The 32 bytes of the SHA-256 of all parts, one after the other. */
    public static byte[] sha256(byte[]... parts) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (byte[] part : parts) {
                digest.update(part);
            }
            return digest.digest();
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java platform has SHA-256", impossible);
        }
    }

    /** The first half of the SHA-256 of all parts, as 32 lower-case hex digits. */
    public static String shortHex(byte[]... parts) {
        return HexFormat.of().formatHex(sha256(parts), 0, SHORT_BYTES);
    }
}
