package ai.dreamlake.server.http;

import java.nio.charset.StandardCharsets;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/** Jetty's own errors, for requests that do not reach the routes. They have the same form: {@code {"error": …}}. */
final class ErrorPages extends ErrorHandler {

    @Override
    public boolean errorPageForMethod(String method) {
        return true;
    }

    @Override
    protected void generateResponse(
            Request request, Response response, int code, String message, Throwable cause, Callback callback) {
        boolean isOurs = code >= 500;
        String text = isOurs || message == null ? HttpStatus.getMessage(code) : message;
        byte[] json = Requests.object().put("error", text).toString().getBytes(StandardCharsets.UTF_8);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
        response.getHeaders().put("X-Content-Type-Options", "nosniff");
        if (code == 503) {
            response.getHeaders().put(HttpHeader.RETRY_AFTER, 1);
        }
        Content.Sink.write(response, true, new String(json, StandardCharsets.UTF_8), callback);
    }
}
