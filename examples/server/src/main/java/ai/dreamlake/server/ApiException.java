package ai.dreamlake.server;

/** What the client is told: a status, and {@code {"error": message}}. */
final class ApiException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final int status;

    ApiException(int status, String message) {
        super(message);
        this.status = status;
    }

    static ApiException badRequest(String field, String fault) {
        return new ApiException(400, field + ": " + fault);
    }

    int status() {
        return status;
    }
}
