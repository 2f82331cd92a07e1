package ai.dreamlake.logback.spring;

import ai.dreamlake.logback.internal.session.MdcEntries;
import ai.dreamlake.logback.internal.session.RequestSessions;
import ai.dreamlake.logback.micrometer.SessionAccessor;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.Ordered;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.util.StringUtils;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/** Puts each request of Spring WebFlux into the session that it names: into the context of its pipeline. */
final class SessionWebFilter implements WebFilter, Ordered {

    private static final Logger log = LoggerFactory.getLogger(SessionWebFilter.class);

    private final @Nullable String header;
    private final @Nullable String parameter;
    private final RequestSessions sessions;
    private final Consumer<String> warn = log::warn;

    SessionWebFilter(DreamlakeWebProperties properties) {
        this.header = properties.header();
        this.parameter = properties.parameter();
        this.sessions = new RequestSessions(
                StringUtils.hasText(properties.workspace()) ? properties.workspace() : null,
                properties.pattern(),
                properties.maxSessions());
    }

    @Override
    public int getOrder() {
        return HIGHEST_PRECEDENCE;
    }

    @Override
    public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
        MdcEntries names = sessions.choose(namesIn(exchange.getRequest()), warn);
        Mono<Void> handled = chain.filter(exchange);
        return names == null ? handled : handled.contextWrite(context -> context.put(SessionAccessor.KEY, names));
    }

    private List<String> namesIn(ServerHttpRequest request) {
        if (header != null && StringUtils.hasText(header)) {
            List<String> names = request.getHeaders().getValuesAsList(header);
            if (!names.isEmpty()) {
                return names;
            }
        }
        List<String> names = parameter == null || !StringUtils.hasText(parameter)
                ? null
                : request.getQueryParams().get(parameter);
        return names == null ? List.of() : names;
    }
}
