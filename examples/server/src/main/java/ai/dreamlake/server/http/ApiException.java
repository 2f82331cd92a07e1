package ai.dreamlake.server.http;

/** An error answer to the client: a status and {@code {"error": message}}. */
final class ApiException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final int status;
    private final int retryAfterSeconds;

    ApiException(int status, String message) {
        this(status, message, 0);
    }

    private ApiException(int status, String message, int retryAfterSeconds) {
        super(message);
        this.status = status;
        this.retryAfterSeconds = retryAfterSeconds;
    }

    static ApiException badRequest(String field, String fault) {
        return new ApiException(400, field + ": " + fault);
    }

    /** The same request may succeed later. */
    static ApiException comeAgain(int status, String message, int afterSeconds) {
        return new ApiException(status, message, afterSeconds);
    }

    int status() {
        return status;
    }

    /** After how many seconds the client should try again; 0 if waiting does not help. */
    int retryAfterSeconds() {
        return retryAfterSeconds;
    }
}
