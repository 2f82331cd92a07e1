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
 * Puts each web request into the session that the request names: until it is over, everything that its thread logs goes
 * there.
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
 * a header nor a parameter, and the filter does nothing. If an init parameter is wrong, the servlet context's log says
 * so, and the filter does nothing, either.
 *
 * <p>Names come from strangers. One that is refused, or one too many, costs a request nothing but its session: the
 * request goes to the default session. The servlet context's log tells that once.
 *
 * <p>Register a {@link DreamlakeSessionListener}, too; without it, what the container logs after the filter, such as an
 * exception that it has caught, goes to the default session. If a request is asynchronous, the filter takes the session
 * off the thread when its dispatch is through, and puts it on again for the next dispatch, on whichever thread. Other
 * threads that work for the request take it along by {@link DreamlakeSession#propagate(Runnable)}.
 *
 * <p>Thread-safe.
 */
public class DreamlakeSessionFilter implements Filter {

    private final Builder built;
    private volatile Builder settings;
    private volatile RequestSessions sessions;

    /** For {@code web.xml}: the init parameters say what it does. */
    public DreamlakeSessionFilter() {
        this(new Builder());
    }

    private DreamlakeSessionFilter(Builder builder) {
        built = new Builder(builder);
        settings = built;
        sessions = built.sessions();
    }

    public static Builder builder() {
        return new Builder();
    }

    /** Reads the init parameters; each takes precedence over what the builder was given. */
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
        boolean isWithin = scope != null && !scope.enter();
        try {
            chain.doFilter(request, response);
        } finally {
            RequestScope last = RequestScope.of(request); // it may have been opened meanwhile
            if (!isWithin && last != null && (request.isAsyncStarted() || !RequestScope.isWatched(request))) {
                last.leave(request);
            }
        }
    }

    /**
     * Puts a request into a session whose name becomes known only now: a framework may have found it in the path. To be
     * called while this filter is under way with the request, on that thread. Does nothing if the request has a session
     * already, or if the name is refused.
     */
    public void enter(HttpServletRequest request, String name) {
        if (RequestScope.of(request) == null) {
            MdcEntries names = sessions.choose(List.of(name), request.getServletContext()::log);
            if (names != null) {
                RequestScope.open(names, request).enter();
            }
        }
    }

    /** That of an earlier dispatch, or a new one if the request names a session. */
    private @Nullable RequestScope scope(HttpServletRequest request) {
        RequestScope scope = RequestScope.of(request);
        if (scope == null) {
            MdcEntries names = sessions.choose(settings.namesIn(request), request.getServletContext()::log);
            scope = names == null ? null : RequestScope.open(names, request);
        }
        return scope;
    }

    /** Where names of sessions come from, and which are taken. */
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

        /** The header that names a request's session. Null or blank: none. Default: null */
        public Builder header(@Nullable String header) {
            this.header = textOrNone(header);
            return this;
        }

        /**
         * The parameter that names the session of a request without the header. Only the query string is read, never
         * the body, which belongs to the servlet. Null or blank: none. Default: null
         */
        public Builder parameter(@Nullable String parameter) {
            this.parameter = textOrNone(parameter);
            return this;
        }

        /**
         * The workspace of all requests' sessions. Null or blank: the appender's. Default: null
         *
         * @throws IllegalArgumentException if the name breaks a rule; the message says which
         */
        public Builder workspace(@Nullable String workspace) {
            String given = textOrNone(workspace);
            new RequestSessions(given, pattern, maxSessions); // throws
            this.workspace = given;
            return this;
        }

        /**
         * A regular expression that a name must match as a whole. Whatever it is, names must also be possible names of
         * sessions. Default: {@code [A-Za-z0-9._-]{1,64}}
         *
         * @throws IllegalArgumentException if it is no regular expression
         */
        public Builder pattern(String pattern) {
            new RequestSessions(workspace, pattern, maxSessions); // throws
            this.pattern = pattern;
            return this;
        }

        /**
         * How many different names are taken; later ones go to the default session. Default: 1000
         *
         * @throws IllegalArgumentException if less than 1
         */
        public Builder maxSessions(int maxSessions) {
            new RequestSessions(workspace, pattern, maxSessions); // throws
            this.maxSessions = maxSessions;
            return this;
        }

        public DreamlakeSessionFilter build() {
            return new DreamlakeSessionFilter(this);
        }

        /** With nothing taken yet. */
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

        /** The names that a request gives; more than one are too many. */
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

        /** Empty, which is the name of nothing, if it is malformed. */
        private static String decoded(String text) {
            try {
                return URLDecoder.decode(text, StandardCharsets.UTF_8);
            } catch (IllegalArgumentException malformed) {
                return "";
            }
        }
    }
}
