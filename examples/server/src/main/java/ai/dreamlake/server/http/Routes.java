package ai.dreamlake.server.http;

import io.javalin.config.RoutesConfig;

/** Some calls of the server that belong together. */
interface Routes {

    void addTo(RoutesConfig routes);
}
