package ai.dreamlake.server;

import java.nio.file.Path;
import java.util.Map;

/**
 * What the environment says.
 *
 * @param port where to listen; 0 for a port that the system chooses
 * @param mongodbUri the MongoDB that stores everything; null for the embedded store
 * @param dataPath where the embedded store keeps its file
 * @param jwtSecret what tokens are signed with
 * @param corsOrigin the web page, besides our own, whose scripts may call us: an origin, {@code *} for any, null for
 *     none
 */
record Settings(int port, String mongodbUri, Path dataPath, String jwtSecret, String corsOrigin) {

    /** Publicly known: with it, a user's name is all that a token needs. */
    static final String DEVELOPMENT_SECRET = "your-secret-key-change-this-in-production";

    private static final int DEFAULT_PORT = 3000;
    private static final int LARGEST_PORT = 65535;

    /** @throws IllegalArgumentException if a variable has a value that makes no sense; its message says which */
    static Settings of(Map<String, String> environment) {
        return new Settings(
                port(value(environment, "PORT", Integer.toString(DEFAULT_PORT))),
                value(environment, "MONGODB_URI", null),
                Path.of(value(environment, "DATA_PATH", ".dreamlake")),
                value(environment, "JWT_SECRET", DEVELOPMENT_SECRET),
                value(environment, "CORS_ORIGIN", null));
    }

    private static String value(Map<String, String> environment, String name, String otherwise) {
        String value = environment.get(name);
        return value == null || value.isBlank() ? otherwise : value.strip();
    }

    private static int port(String value) {
        try {
            int port = Integer.parseInt(value);
            if (port >= 0 && port <= LARGEST_PORT) {
                return port;
            }
        } catch (NumberFormatException noNumber) {
            // Told below.
        }
        throw new IllegalArgumentException("PORT is \"" + value + "\": give a number from 0 to " + LARGEST_PORT + ".");
    }

    boolean isDevelopment() {
        return jwtSecret.equals(DEVELOPMENT_SECRET);
    }

    /** The secret is nobody's business. */
    @Override
    public String toString() {
        return "Settings[port=" + port + ", dataPath=" + dataPath + "]";
    }
}
