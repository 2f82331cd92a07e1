package ai.dreamlake.server.http;

import io.javalin.http.Context;
import java.util.Locale;

/** Who a request comes from, and how: through a proxy, if there is one that is trusted. */
final class Peer {

    private final boolean trustsProxy;

    Peer(boolean trustsProxy) {
        this.trustsProxy = trustsProxy;
    }

    /** What the proxy next to us says; what stands before it may be the client's own invention. */
    private String last(Context request, String header) {
        String all = trustsProxy ? request.header(header) : null;
        return all == null ? "" : all.substring(all.lastIndexOf(',') + 1).strip();
    }

    String address(Context request) {
        String forwarded = last(request, "X-Forwarded-For");
        return forwarded.isEmpty() ? request.req().getRemoteAddr() : forwarded;
    }

    boolean isTls(Context request) {
        return request.req().isSecure() || last(request, "X-Forwarded-Proto").equals("https");
    }

    /** Whether a browser sends it for another page than ours. A client that is no browser does not say. */
    boolean isCrossSite(Context request) {
        String site = request.header("Sec-Fetch-Site");
        if (site != null) {
            return !site.equals("same-origin") && !site.equals("none");
        }
        String origin = request.header("Origin");
        String host = request.header("Host");
        return origin != null
                && host != null
                && !origin.toLowerCase(Locale.ROOT).endsWith("://" + host.toLowerCase(Locale.ROOT));
    }
}
