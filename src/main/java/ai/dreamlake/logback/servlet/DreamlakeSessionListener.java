package ai.dreamlake.logback.servlet;

import jakarta.servlet.ServletRequestEvent;
import jakarta.servlet.ServletRequestListener;

/**
 * Ends the session of a {@link DreamlakeSessionFilter} not with the filter, but with the request. So what the container
 * logs after all filters are through, such as the exception that a servlet has thrown, goes to the request's session,
 * too.
 *
 * <pre>{@code
 * <listener>
 *   <listener-class>ai.dreamlake.logback.servlet.DreamlakeSessionListener</listener-class>
 * </listener>
 * }</pre>
 *
 * <p>Without the filter it does nothing. Thread-safe.
 */
public class DreamlakeSessionListener implements ServletRequestListener {

    /** For {@code web.xml}, for {@code ServletContext.addListener}, or as a bean. */
    public DreamlakeSessionListener() {}

    @Override
    public void requestInitialized(ServletRequestEvent event) {
        RequestScope.watch(event.getServletRequest());
    }

    /** May come on another thread than the filter; some containers call it after each dispatch of a request. */
    @Override
    public void requestDestroyed(ServletRequestEvent event) {
        RequestScope scope = RequestScope.of(event.getServletRequest());
        if (scope != null) {
            scope.end(event.getServletRequest());
        }
    }
}
