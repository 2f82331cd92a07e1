package ai.dreamlake.server.http;

import io.javalin.config.RoutesConfig;

/** A group of related calls. */
interface Routes {

    void addTo(RoutesConfig routes);
}
