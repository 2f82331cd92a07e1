package ai.dreamlake.logback.servlet;

import ai.dreamlake.logback.internal.session.MdcEntries;
import ai.dreamlake.logback.internal.session.Scopes;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletRequest;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The session of one request. It is on one thread at a time, and on none while an asynchronous request waits for its
 * next dispatch. It is an attribute of the request until it is closed.
 */
final class RequestScope {

    /** The request may be dispatched to another application, which may have its own copy of this class. */
    private static final String OF_THIS_COPY =
            RequestScope.class.getName() + "@" + Integer.toHexString(System.identityHashCode(RequestScope.class));

    private static final String IS_WATCHED = OF_THIS_COPY + ".isWatched";

    /** What this scope puts into the MDC, with its id. */
    private final MdcEntries entries;

    // Guarded by this.
    private @Nullable Thread thread;
    private MdcEntries before = MdcEntries.NONE;
    private boolean isEndAwaited;

    private RequestScope(MdcEntries entries) {
        this.entries = entries;
    }

    /** Opens the scope of a request that has none. It is on no thread yet. */
    static RequestScope open(MdcEntries names, ServletRequest request) {
        RequestScope scope = new RequestScope(Scopes.open(names, Scopes.valid(MdcEntries.ofThread(), null)));
        request.setAttribute(OF_THIS_COPY, scope);
        return scope;
    }

    /** The scope of a request; null if it has none. */
    static @Nullable RequestScope of(ServletRequest request) {
        return (RequestScope) request.getAttribute(OF_THIS_COPY);
    }

    /** A listener is notified of the request's end, and calls {@link #end} then. */
    static void watch(ServletRequest request) {
        request.setAttribute(IS_WATCHED, true);
    }

    static boolean isWatched(ServletRequest request) {
        return request.getAttribute(IS_WATCHED) != null;
    }

    /** Sets the session on this thread. False if it is there already. */
    synchronized boolean enter() {
        if (thread == Thread.currentThread()) {
            return false;
        }
        before = Scopes.valid(MdcEntries.ofThread(), null);
        entries.toThread();
        thread = Thread.currentThread();
        return true;
    }

    /**
     * Removes the session from this thread, and closes it. If the request goes on elsewhere, it is closed at the
     * request's end instead.
     */
    void leave(ServletRequest request) {
        if (!request.isAsyncStarted()) {
            request.removeAttribute(OF_THIS_COPY);
            close();
            return;
        }
        removeFromThread();
        if (!isWatched(request)) {
            closeAtItsEnd(request);
        }
    }

    /**
     * A listener was notified that the request ended. Jetty notifies it after the first dispatch of an asynchronous
     * request, and not again at the request's end.
     */
    void end(ServletRequest request) {
        leave(request);
        if (request.isAsyncStarted()) {
            closeAtItsEnd(request);
        }
    }

    private synchronized void closeAtItsEnd(ServletRequest request) {
        if (isEndAwaited) {
            return;
        }
        try {
            request.getAsyncContext().addListener(new Closing());
            isEndAwaited = true;
        } catch (IllegalStateException endedMeanwhile) {
            close();
        }
    }

    /** Restores what was on this thread before, if the session is on it. */
    private synchronized void removeFromThread() {
        if (thread == Thread.currentThread()) {
            Scopes.valid(before, null).toThread();
            thread = null;
        }
    }

    private synchronized boolean isOnThread() {
        return thread != null;
    }

    private void close() {
        removeFromThread();
        Scopes.close(Objects.requireNonNull(entries.scope()));
    }

    /** Closes the scope when its asynchronous request is over, however it ends. */
    private final class Closing implements AsyncListener {
        /** A thread that still has the session will log more about this request, and closes the scope itself. */
        @Override
        public void onComplete(AsyncEvent event) {
            if (!isOnThread()) {
                close();
            }
        }

        @Override
        public void onTimeout(AsyncEvent event) {
            // The request is then dispatched to an error page, or completed.
        }

        @Override
        public void onError(AsyncEvent event) {
            // Likewise.
        }

        @Override
        public void onStartAsync(AsyncEvent event) {
            event.getAsyncContext().addListener(this); // a new cycle begins without this one's listeners
        }
    }
}
