package ai.dreamlake.server.http;

import ai.dreamlake.server.store.StoreException;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers requests that cannot be served: always with {@code {"error": …}}. */
final class Faults implements Routes {

    private static final Logger LOG = LoggerFactory.getLogger(Faults.class);
    private static final int SOON_SECONDS = 1;

    private final Measurements measurements;
    private final OncePerSecond storeMessages = new OncePerSecond(System::nanoTime);

    Faults(Measurements measurements) {
        this.measurements = measurements;
    }

    @Override
    public void addTo(RoutesConfig routes) {
        routes.exception(ApiException.class, (fault, request) -> tell(fault, request));
        routes.exception(StoreException.class, (fault, request) -> tell(of(fault), request));
        routes.exception(
                HttpResponseException.class,
                (fault, request) -> Requests.error(request, fault.getStatus(), fault.getMessage()));
        routes.exception(Exception.class, (failure, request) -> {
            LOG.error("Cannot serve a request", failure);
            Requests.error(request, 500, "internal error");
        });
    }

    private static void tell(ApiException fault, Context request) {
        if (fault.retryAfterSeconds() > 0) {
            request.header("Retry-After", Integer.toString(fault.retryAfterSeconds()));
        }
        Requests.error(request, fault.status(), fault.getMessage());
    }

    /** A failing store fails every request. A stack trace for each could fill a disk that may be full already. */
    private void tellOperator(StoreException fault) {
        int leftOut = storeMessages.next();
        if (leftOut >= 0) {
            String cause = fault.getCause() == null ? "" : ": " + fault.getCause();
            String others = leftOut == 0 ? "" : " (and " + leftOut + " more failures since the last message)";
            LOG.warn("The store failed: {}{}{}", fault.getMessage(), cause, others);
        }
    }

    private ApiException of(StoreException fault) {
        return switch (fault.reason()) {
            case UNKNOWN -> new ApiException(404, fault.getMessage());
            case DELETED -> new ApiException(410, fault.getMessage());
            case PROTECTED -> new ApiException(403, fault.getMessage());
            case KEY_REUSED -> ApiException.badRequest("Idempotency-Key", fault.getMessage());
            case TOO_LARGE -> new ApiException(413, fault.getMessage());
            case TOO_SLOW -> ApiException.comeAgain(503, fault.getMessage(), SOON_SECONDS);
            case UNAVAILABLE -> {
                measurements.storeFailed();
                tellOperator(fault);
                yield ApiException.comeAgain(503, fault.getMessage(), SOON_SECONDS);
            }
        };
    }
}
