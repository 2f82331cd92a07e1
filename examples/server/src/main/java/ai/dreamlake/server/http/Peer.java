package ai.dreamlake.server.http;

import io.javalin.http.Context;
import java.util.Locale;

/** Where a request comes from: the client behind the proxy, if there is one that is trusted. */
final class Peer {

    private final boolean trustsProxy;

    Peer(boolean trustsProxy) {
        this.trustsProxy = trustsProxy;
    }

    /** The entry of the proxy next to us. The client may have invented the entries before it. */
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

    /** Whether a browser sends the request for another web page than ours. Clients that are not browsers do not say. */
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
