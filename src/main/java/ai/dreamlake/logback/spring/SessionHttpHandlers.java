package ai.dreamlake.logback.spring;

import ai.dreamlake.logback.internal.session.MdcEntries;
import ai.dreamlake.logback.internal.session.RequestSessions;
import ai.dreamlake.logback.micrometer.SessionAccessor;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.server.reactive.HttpHandler;
import org.springframework.http.server.reactive.HttpHandlerDecoratorFactory;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.util.StringUtils;
import reactor.core.publisher.Mono;

/**
 * Puts each request of Spring WebFlux into the session that it names, by the context of its pipeline. This decorates
 * the whole handler instead of being a filter, because Spring logs a failed request after all filters.
 */
final class SessionHttpHandlers implements HttpHandlerDecoratorFactory {

    private static final Logger log = LoggerFactory.getLogger(SessionHttpHandlers.class);

    private final @Nullable String header;
    private final @Nullable String parameter;
    private final RequestSessions sessions;
    private final Consumer<String> warn = log::warn;

    SessionHttpHandlers(DreamlakeWebProperties properties) {
        this.header = textOrNull(properties.header());
        this.parameter = textOrNull(properties.parameter());
        this.sessions =
                new RequestSessions(textOrNull(properties.workspace()), properties.pattern(), properties.maxSessions());
    }

    private static @Nullable String textOrNull(@Nullable String text) {
        return StringUtils.hasText(text) ? text : null;
    }

    @Override
    public HttpHandler apply(HttpHandler handler) {
        return (request, response) -> {
            MdcEntries names = sessions.choose(namesIn(request), warn);
            Mono<Void> handled = handler.handle(request, response);
            return names == null ? handled : handled.contextWrite(context -> context.put(SessionAccessor.KEY, names));
        };
    }

    private List<String> namesIn(ServerHttpRequest request) {
        if (header != null) {
            List<String> names = request.getHeaders().getValuesAsList(header);
            if (!names.isEmpty()) {
                return names;
            }
        }
        List<String> names = parameter == null ? null : request.getQueryParams().get(parameter);
        return names == null ? List.of() : names;
    }
}
