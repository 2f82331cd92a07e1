package ai.dreamlake.server;

import ai.dreamlake.server.http.HttpSettings;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.Map;

/**
 * The settings that the environment gives.
 *
 * @param mongodbUri the MongoDB that stores everything; null for the embedded store
 * @param dataPath where the embedded store keeps its files
 * @param retentionDays for how many days records are kept; 0: forever
 * @param http how the server listens
 */
record Settings(String mongodbUri, Path dataPath, int retentionDays, HttpSettings http) {

    /** Publicly known: with this secret, anybody who knows a user's name can make a token. */
    static final String DEVELOPMENT_SECRET = "your-secret-key-change-this-in-production";

    private static final int DEFAULT_PORT = 3000;
    private static final long DEFAULT_FILE_LIMIT = 100L * 1024 * 1024;
    private static final int MAX_PORT = 65535;
    private static final int MAX_DAYS = 100_000;
    private static final String LOOPBACK = "127.0.0.1";

    /** @throws IllegalArgumentException if a variable has an invalid value; the message names the variable */
    static Settings of(Map<String, String> environment) {
        String secret = jwtSecret(environment);
        boolean isDevelopment = secret.equals(DEVELOPMENT_SECRET);
        HttpSettings http = new HttpSettings(
                host(environment, isDevelopment),
                number(environment, "PORT", 0, MAX_PORT, DEFAULT_PORT),
                secret,
                isDevelopment,
                value(environment, "CORS_ORIGIN", null),
                isTrue(environment, "TRUST_PROXY"),
                number(environment, "MAX_CONNECTIONS_PER_ADDRESS", 1, Integer.MAX_VALUE, 1000),
                number(environment, "MAX_REQUESTS_PER_SECOND", 0, Integer.MAX_VALUE, 5000),
                number(environment, "MAX_STREAMS", 0, Integer.MAX_VALUE, 2000),
                longNumber(environment, "FILE_LIMIT", 0, Long.MAX_VALUE / 2, DEFAULT_FILE_LIMIT),
                number(environment, "REQUEST_TIMEOUT", 1, 3600, 30),
                number(environment, "STOP_TIMEOUT", 0, 3600, 20));
        return new Settings(
                value(environment, "MONGODB_URI", null),
                Path.of(value(environment, "DATA_PATH", ".dreamlake")),
                number(environment, "RETENTION_DAYS", 0, MAX_DAYS, 0),
                http);
    }

    /** The secret that signs tokens. */
    static String jwtSecret(Map<String, String> environment) {
        return value(environment, "JWT_SECRET", DEVELOPMENT_SECRET);
    }

    /** While everybody can make tokens, only this machine may connect. */
    private static String host(Map<String, String> environment, boolean isDevelopment) {
        String host = value(environment, "HOST", isDevelopment ? LOOPBACK : null);
        if (isDevelopment && !isLoopback(host)) {
            throw new IllegalArgumentException(
                    "HOST is \"" + host
                            + "\", and JWT_SECRET is not set: anybody could sign in as anybody. Set JWT_SECRET, or leave HOST out.");
        }
        return host;
    }

    private static boolean isLoopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException unknown) {
            throw new IllegalArgumentException("HOST is \"" + host + "\": this host is not known.", unknown);
        }
    }

    private static String value(Map<String, String> environment, String name, String otherwise) {
        String value = environment.get(name);
        return value == null || value.isBlank() ? otherwise : value.strip();
    }

    private static boolean isTrue(Map<String, String> environment, String name) {
        String value = value(environment, name, "false");
        if (!value.equals("true") && !value.equals("false")) {
            throw new IllegalArgumentException(name + " is \"" + value + "\": give true or false.");
        }
        return value.equals("true");
    }

    private static int number(Map<String, String> environment, String name, int least, int most, int otherwise) {
        return (int) longNumber(environment, name, least, most, otherwise);
    }

    private static long longNumber(
            Map<String, String> environment, String name, long least, long most, long otherwise) {
        String value = value(environment, name, Long.toString(otherwise));
        try {
            long number = Long.parseLong(value);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException noNumber) {
            // Reported below.
        }
        throw new IllegalArgumentException(
                name + " is \"" + value + "\": give a number from " + least + " to " + most + ".");
    }
}
