package ai.dreamlake.server.http;

/**
 * How the server listens, and its limits.
 *
 * @param host the address to listen on; null for all addresses of the machine
 * @param port 0 for a port that the system chooses
 * @param jwtSecret the secret that signs tokens
 * @param isDevelopment whether the secret is publicly known: then anybody who knows a user's name can make a token
 * @param corsOrigin the other web page whose scripts may call this server: an origin, {@code *} for any, null for none
 * @param trustsProxy whether the server believes {@code X-Forwarded-For} and {@code X-Forwarded-Proto}
 * @param connectionsPerAddress maximum number of connections from one address
 * @param requestsPerSecond maximum rate for one user, or for one address without a user; 0 for no limit
 * @param streams maximum number of event streams
 * @param fileLimit maximum number of bytes of a run's file; 0: no files are kept
 * @param timeoutSeconds how long the server waits for a client to send something
 * @param stopSeconds how long the requests that are under way may take when the server stops
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

    /** Keeps the secret out of logs. */
    @Override
    public String toString() {
        return "HttpSettings[host=" + host + ", port=" + port + "]";
    }
}
