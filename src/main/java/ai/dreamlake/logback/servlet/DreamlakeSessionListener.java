package ai.dreamlake.logback.servlet;

import jakarta.servlet.ServletRequestEvent;
import jakarta.servlet.ServletRequestListener;

/**
 * Makes the session of a {@link DreamlakeSessionFilter} end with the request instead of with the filter. So what the
 * container logs after all filters, such as an exception that a servlet has thrown, also goes to the request's session.
 *
 * <pre>{@code
 * <listener>
 *   <listener-class>ai.dreamlake.logback.servlet.DreamlakeSessionListener</listener-class>
 * </listener>
 * }</pre>
 *
 * <p>Without the filter it does nothing. Thread-safe.
 *
 * @since 0.2.0
 */
public class DreamlakeSessionListener implements ServletRequestListener {

    /** Creates a listener: for {@code web.xml}, for {@code ServletContext.addListener}, or as a bean. */
    public DreamlakeSessionListener() {}

    @Override
    public void requestInitialized(ServletRequestEvent event) {
        RequestScope.watch(event.getServletRequest());
    }

    /**
     * Ends the request's session. The thread may differ from the filter's; some containers call this after each
     * dispatch of a request.
     */
    @Override
    public void requestDestroyed(ServletRequestEvent event) {
        RequestScope scope = RequestScope.of(event.getServletRequest());
        if (scope != null) {
            scope.end(event.getServletRequest());
        }
    }
}
