package ai.dreamlake.logback.spring;

import ai.dreamlake.logback.servlet.DreamlakeSessionFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Map;
import org.springframework.web.servlet.HandlerInterceptor;
import org.springframework.web.servlet.HandlerMapping;

/**
 * Puts a request of Spring MVC into the session that its path names. The path variables are known only after the
 * handler is found, hence an interceptor.
 */
final class PathVariableInterceptor implements HandlerInterceptor {

    private final DreamlakeSessionFilter filter;
    private final String variable;

    PathVariableInterceptor(DreamlakeSessionFilter filter, String variable) {
        this.filter = filter;
        this.variable = variable;
    }

    @Override
    public boolean preHandle(HttpServletRequest request, HttpServletResponse response, Object handler) {
        Object variables = request.getAttribute(HandlerMapping.URI_TEMPLATE_VARIABLES_ATTRIBUTE);
        if (variables instanceof Map<?, ?> map && map.get(variable) instanceof String name) {
            filter.enter(request, name);
        }
        return true;
    }
}
