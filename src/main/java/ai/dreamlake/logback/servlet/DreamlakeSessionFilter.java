package ai.dreamlake.logback.servlet;

import ai.dreamlake.logback.DreamlakeSession;
import ai.dreamlake.logback.internal.session.MdcEntries;
import ai.dreamlake.logback.internal.session.RequestSessions;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.FilterConfig;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Puts each web request into the session that the request names: everything that the request's thread logs until the
 * request ends goes there.
 *
 * <pre>{@code
 * <filter>
 *   <filter-name>dreamlake</filter-name>
 *   <filter-class>ai.dreamlake.logback.servlet.DreamlakeSessionFilter</filter-class>
 *   <async-supported>true</async-supported>
 *   <init-param>
 *     <param-name>header</param-name>
 *     <param-value>X-Experiment</param-value>
 *   </init-param>
 * </filter>
 * <filter-mapping>
 *   <filter-name>dreamlake</filter-name>
 *   <url-pattern>/*</url-pattern>
 *   <dispatcher>REQUEST</dispatcher>
 *   <dispatcher>ASYNC</dispatcher>
 *   <dispatcher>ERROR</dispatcher>
 * </filter-mapping>
 * }</pre>
 *
 * <p>The init parameters are the properties of the {@link Builder}, with the same defaults. By default there is neither
 * a header nor a parameter, and the filter does nothing. If an init parameter is invalid, the servlet context's log
 * says so, and the filter does nothing either.
 *
 * <p>Session names come from clients, so they are untrusted. A request with a refused name, or with a name above the
 * limit, is served as usual and goes to the default session. The servlet context's log reports each case once.
 *
 * <p>Register a {@link DreamlakeSessionListener} as well. Without it, what the container logs after the filter, such as
 * an exception that it has caught, goes to the default session. If a request is asynchronous, the filter removes the
 * session from the thread at the end of a dispatch, and sets it again for the next dispatch, on any thread. Use
 * {@link DreamlakeSession#propagate(Runnable)} to carry it to other threads that work for the request.
 *
 * <p>Thread-safe.
 *
 * @since 0.2.0
 */
public class DreamlakeSessionFilter implements Filter {

    private final Builder built;
    private volatile Builder settings;
    private volatile RequestSessions sessions;

    /** Creates a filter whose init parameters say what it does. The container calls this, for {@code web.xml}. */
    public DreamlakeSessionFilter() {
        this(new Builder());
    }

    private DreamlakeSessionFilter(Builder builder) {
        built = new Builder(builder);
        settings = built;
        sessions = built.sessions();
    }

    /** {@return a builder with the default of each property} */
    public static Builder builder() {
        return new Builder();
    }

    /** Reads the init parameters. Each takes precedence over the builder's property. Throws nothing. */
    @Override
    public void init(FilterConfig config) {
        try {
            Builder configured = built.with(config);
            sessions = configured.sessions();
            settings = configured;
        } catch (IllegalArgumentException fault) {
            settings = new Builder();
            config.getServletContext()
                    .log("The filter " + config.getFilterName() + " puts no request into a session: "
                            + fault.getMessage());
        }
    }

    @Override
    public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        RequestScope scope = request instanceof HttpServletRequest http ? scope(http) : null;
        boolean isNested = scope != null && !scope.enter();
        try {
            chain.doFilter(request, response);
        } finally {
            RequestScope last = RequestScope.of(request); // "enter" may have opened it in the meantime
            if (!isNested && last != null && (request.isAsyncStarted() || !RequestScope.isWatched(request))) {
                last.leave(request);
            }
        }
    }

    /**
     * Puts a request into a session whose name becomes known only after the filter has begun, for example because a
     * framework found it in the path. Call it inside this filter's chain, on the request's thread. Has no effect if the
     * request already has a session, or if the name is refused.
     *
     * @param request the request
     * @param name the session's name; must match the pattern, and be a possible name of a session
     */
    public void enter(HttpServletRequest request, String name) {
        if (RequestScope.of(request) == null) {
            MdcEntries names = sessions.choose(List.of(name), request.getServletContext()::log);
            if (names != null) {
                RequestScope.open(names, request).enter();
            }
        }
    }

    /** The scope of an earlier dispatch, or a new one if the request names a session; null if it names none. */
    private @Nullable RequestScope scope(HttpServletRequest request) {
        RequestScope scope = RequestScope.of(request);
        if (scope == null) {
            MdcEntries names = sessions.choose(settings.namesIn(request), request.getServletContext()::log);
            scope = names == null ? null : RequestScope.open(names, request);
        }
        return scope;
    }

    /**
     * Says where session names come from, and which are accepted. Checks each value at once. Not thread-safe.
     *
     * @since 0.2.0
     */
    public static final class Builder {

        private @Nullable String header;
        private @Nullable String parameter;
        private @Nullable String workspace;
        private String pattern = RequestSessions.DEFAULT_PATTERN;
        private int maxSessions = RequestSessions.DEFAULT_MAX_SESSIONS;

        private Builder() {}

        private Builder(Builder other) {
            header = other.header;
            parameter = other.parameter;
            workspace = other.workspace;
            pattern = other.pattern;
            maxSessions = other.maxSessions;
        }

        /**
         * Sets the header that names a request's session.
         *
         * @param header the header's name. Null or blank: none. Default: null
         * @return this builder
         */
        public Builder header(@Nullable String header) {
            this.header = textOrNone(header);
            return this;
        }

        /**
         * Sets the parameter that names the session of a request without the header. Only the query string is read,
         * never the body, which belongs to the servlet.
         *
         * @param parameter the parameter's name. Null or blank: none. Default: null
         * @return this builder
         */
        public Builder parameter(@Nullable String parameter) {
            this.parameter = textOrNone(parameter);
            return this;
        }

        /**
         * Sets the workspace of all requests' sessions.
         *
         * @param workspace a directory name. Null or blank: the appender's. Default: null
         * @return this builder
         * @throws IllegalArgumentException if the name breaks a rule; the message says which
         */
        public Builder workspace(@Nullable String workspace) {
            String given = textOrNone(workspace);
            new RequestSessions(given, pattern, maxSessions); // throws
            this.workspace = given;
            return this;
        }

        /**
         * Sets the pattern that session names must match. Names that cannot name a session are refused in any case.
         *
         * @param pattern a regular expression; it must match the whole name. Default: {@code [A-Za-z0-9._-]{1,64}}
         * @return this builder
         * @throws IllegalArgumentException if {@code pattern} is not a regular expression
         */
        public Builder pattern(String pattern) {
            new RequestSessions(workspace, pattern, maxSessions); // throws
            this.pattern = pattern;
            return this;
        }

        /**
         * Sets how many different names are accepted. Requests with other names go to the default session.
         *
         * @param maxSessions at least 1. Default: 1000
         * @return this builder
         * @throws IllegalArgumentException if {@code maxSessions} is less than 1
         */
        public Builder maxSessions(int maxSessions) {
            new RequestSessions(workspace, pattern, maxSessions); // throws
            this.maxSessions = maxSessions;
            return this;
        }

        /**
         * Creates the filter. The builder may be changed and used again.
         *
         * @return a filter with these properties, which has accepted no name yet
         */
        public DreamlakeSessionFilter build() {
            return new DreamlakeSessionFilter(this);
        }

        /** A new one, which has accepted no name yet. */
        private RequestSessions sessions() {
            return new RequestSessions(workspace, pattern, maxSessions);
        }

        /** A copy, in which init parameters take precedence. */
        private Builder with(FilterConfig config) {
            Builder changed = new Builder(this);
            String header = config.getInitParameter("header");
            if (header != null) {
                changed.header(header);
            }
            String parameter = config.getInitParameter("parameter");
            if (parameter != null) {
                changed.parameter(parameter);
            }
            String workspace = config.getInitParameter("workspace");
            if (workspace != null) {
                changed.workspace(workspace);
            }
            String pattern = config.getInitParameter("pattern");
            if (pattern != null) {
                changed.pattern(pattern.strip());
            }
            String maxSessions = config.getInitParameter("maxSessions");
            if (maxSessions != null) {
                changed.maxSessions(number(maxSessions));
            }
            return changed;
        }

        private static int number(String text) {
            try {
                return Integer.parseInt(text.strip());
            } catch (NumberFormatException noNumber) {
                throw new IllegalArgumentException(
                        "maxSessions is \"" + text + "\"; choose a whole number, 1 or more", noNumber);
            }
        }

        private static @Nullable String textOrNone(@Nullable String text) {
            return text == null || text.isBlank() ? null : text.strip();
        }

        /** The session names in a request. More than one are refused. */
        private List<String> namesIn(HttpServletRequest request) {
            if (header != null) {
                Enumeration<String> values = request.getHeaders(header);
                if (values != null && values.hasMoreElements()) {
                    return Collections.list(values);
                }
            }
            String query = parameter == null ? null : request.getQueryString();
            return parameter == null || query == null ? List.of() : namesIn(query, parameter);
        }

        private static List<String> namesIn(String query, String parameter) {
            List<String> names = new ArrayList<>();
            for (String pair : query.split("&")) {
                int equals = pair.indexOf('=');
                if (decoded(equals < 0 ? pair : pair.substring(0, equals)).equals(parameter)) {
                    names.add(equals < 0 ? "" : decoded(pair.substring(equals + 1)));
                }
            }
            return names;
        }

        /** The decoded text; empty, which is never a valid name, if it is malformed. */
        private static String decoded(String text) {
            try {
                return URLDecoder.decode(text, StandardCharsets.UTF_8);
            } catch (IllegalArgumentException malformed) {
                return "";
            }
        }
    }
}
