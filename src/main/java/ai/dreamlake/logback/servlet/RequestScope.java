package ai.dreamlake.logback.servlet;

import ai.dreamlake.logback.internal.session.MdcEntries;
import ai.dreamlake.logback.internal.session.Scopes;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletRequest;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The session of one request: on one thread at a time, and on none while another thread has to dispatch an asynchronous
 * request. It is an attribute of the request, until it is closed.
 */
final class RequestScope {

    /** Another application that the request is dispatched to may have its own copy of this class. */
    private static final String OF_THIS_COPY =
            RequestScope.class.getName() + "@" + Integer.toHexString(System.identityHashCode(RequestScope.class));

    private static final String IS_WATCHED = OF_THIS_COPY + ".isWatched";

    /** With the scope's id. */
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

    /** Null if the request has none. */
    static @Nullable RequestScope of(ServletRequest request) {
        return (RequestScope) request.getAttribute(OF_THIS_COPY);
    }

    /** A listener hears of the request's end, and calls {@link #leave} then. */
    static void watch(ServletRequest request) {
        request.setAttribute(IS_WATCHED, true);
    }

    static boolean isWatched(ServletRequest request) {
        return request.getAttribute(IS_WATCHED) != null;
    }

    /** Puts the session on this thread. False if it is there already. */
    synchronized boolean enter() {
        if (thread == Thread.currentThread()) {
            return false;
        }
        before = Scopes.valid(MdcEntries.ofThread(), null);
        entries.toThread();
        thread = Thread.currentThread();
        return true;
    }

    /** Takes the session off this thread. Closes it, or sees to that, if the request goes on elsewhere. */
    void leave(ServletRequest request) {
        if (!request.isAsyncStarted()) {
            request.removeAttribute(OF_THIS_COPY);
            close();
            return;
        }
        takeOff();
        if (!isWatched(request)) {
            closeAtItsEnd(request);
        }
    }

    /**
     * A listener hears that the request is over; or, as Jetty tells it, that one dispatch is. Of the end that comes
     * after that, it hears no more.
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

    /** What was on this thread before is back there, if the session is on it. */
    private synchronized void takeOff() {
        if (thread == Thread.currentThread()) {
            Scopes.valid(before, null).toThread();
            thread = null;
        }
    }

    private synchronized boolean isOnThread() {
        return thread != null;
    }

    private void close() {
        takeOff();
        Scopes.close(Objects.requireNonNull(entries.scope()));
    }

    /** Closes the scope when its asynchronous request is over, however it ends. */
    private final class Closing implements AsyncListener {
        /** Whoever has the session on its thread now, will still log of this request, and closes it then. */
        @Override
        public void onComplete(AsyncEvent event) {
            if (!isOnThread()) {
                close();
            }
        }

        @Override
        public void onTimeout(AsyncEvent event) {
            // It is dispatched to an error page, or completed.
        }

        @Override
        public void onError(AsyncEvent event) {
            // Likewise.
        }

        @Override
        public void onStartAsync(AsyncEvent event) {
            event.getAsyncContext().addListener(this); // another cycle begins without the listeners of this one
        }
    }
}
