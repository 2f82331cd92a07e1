package ai.dreamlake.server.http;

/**
 * How the server listens, and what it takes.
 *
 * @param host the address where to listen; null for all of the machine's
 * @param port 0 for a port that the system chooses
 * @param jwtSecret what tokens are signed with
 * @param isDevelopment whether the secret is publicly known: then a user's name is all that a token needs
 * @param corsOrigin the web page, besides our own, whose scripts may call us: an origin, {@code *} for any, null for
 *     none
 * @param trustsProxy whether what {@code X-Forwarded-For} and {@code X-Forwarded-Proto} say is believed
 * @param connectionsPerAddress so many connections are taken from one address
 * @param requestsPerSecond so many requests are taken from one user, or from one address without a user; 0 for any
 *     number
 * @param streams so many event streams there may be
 * @param fileLimit so many bytes a file of a run may have; 0: none are kept
 * @param timeoutSeconds so long the server waits for a client to send something
 * @param stopSeconds so long requests that are under way may take when the server stops
 */
public record HttpSettings(
        String host,
        int port,
        String jwtSecret,
        boolean isDevelopment,
        String corsOrigin,
        boolean trustsProxy,
        int connectionsPerAddress,
        int requestsPerSecond,
        int streams,
        long fileLimit,
        int timeoutSeconds,
        int stopSeconds) {

    /** The secret is nobody's business. */
    @Override
    public String toString() {
        return "HttpSettings[host=" + host + ", port=" + port + "]";
    }
}
