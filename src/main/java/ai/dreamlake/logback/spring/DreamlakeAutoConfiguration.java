package ai.dreamlake.logback.spring;

import ai.dreamlake.logback.micrometer.DreamlakeMetrics;
import ai.dreamlake.logback.servlet.DreamlakeSessionFilter;
import ai.dreamlake.logback.servlet.DreamlakeSessionListener;
import io.micrometer.context.ThreadLocalAccessor;
import io.micrometer.core.instrument.binder.MeterBinder;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.AnyNestedCondition;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.web.servlet.FilterRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.Ordered;
import org.springframework.http.server.reactive.HttpHandlerDecoratorFactory;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/**
 * Makes executors and web requests of Spring Boot applications, 3.5 and 4, keep the session, and binds meters. Spring
 * Boot finds it; nothing has to be imported. These properties configure it:
 *
 * <table>
 *   <caption>Properties and their defaults</caption>
 *   <tr><td>{@code dreamlake.executors.enabled}</td><td>true: tasks of executors that are beans run in the session of
 *       the thread that submits them, or in none; tasks of schedulers run in none</td></tr>
 *   <tr><td>{@code dreamlake.metrics.enabled}</td><td>true: {@link DreamlakeMetrics} are bound if Micrometer is
 *       used</td></tr>
 *   <tr><td>{@code dreamlake.web.header}, {@code .parameter}, {@code .path-variable}</td><td>none: the place where a
 *       web request names its session; the last one only works in Spring MVC</td></tr>
 *   <tr><td>{@code dreamlake.web.pattern}</td><td>{@code [A-Za-z0-9._-]{1,64}}: what such a name must match; any other
 *       request goes to the default session</td></tr>
 *   <tr><td>{@code dreamlake.web.max-sessions}</td><td>1000: how many different names are accepted</td></tr>
 *   <tr><td>{@code dreamlake.web.workspace}</td><td>the appender's: the workspace of these sessions</td></tr>
 * </table>
 *
 * <p>Its beans give way to your own {@link DreamlakeMetrics}, {@link DreamlakeSessionFilter} and
 * {@link DreamlakeSessionListener}.
 *
 * @since 0.2.0
 */
@AutoConfiguration
@ConditionalOnClass(name = "ch.qos.logback.classic.LoggerContext")
public class DreamlakeAutoConfiguration {

    /** Creates the configuration. Spring calls this. */
    public DreamlakeAutoConfiguration() {}

    /** Makes executors keep the session. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(ProxyFactory.class)
    @ConditionalOnProperty(name = "dreamlake.executors.enabled", matchIfMissing = true)
    static class Executors {

        /** Static, so that it exists before all executors. */
        @Bean
        static SessionExecutors dreamlakeSessionExecutors(ConfigurableListableBeanFactory beans) {
            return new SessionExecutors(beans);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(MeterBinder.class)
    @ConditionalOnProperty(name = "dreamlake.metrics.enabled", matchIfMissing = true)
    static class Meters {

        @Bean
        @ConditionalOnMissingBean
        DreamlakeMetrics dreamlakeMetrics() {
            return new DreamlakeMetrics();
        }
    }

    /** The sessions of requests in a servlet container. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.SERVLET)
    @ConditionalOnClass({Filter.class, FilterRegistrationBean.class})
    @Conditional(RequestsNameSessions.class)
    @EnableConfigurationProperties(DreamlakeWebProperties.class)
    static class ServletRequests {

        /**
         * Runs before all other filters, so that what they log is in the session as well. The filter itself is not a
         * bean, because Spring Boot would register it a second time.
         */
        @Bean
        @ConditionalOnMissingBean(
                value = DreamlakeSessionFilter.class,
                parameterizedContainer = FilterRegistrationBean.class)
        FilterRegistrationBean<DreamlakeSessionFilter> dreamlakeSessionFilter(DreamlakeWebProperties properties) {
            DreamlakeSessionFilter filter = DreamlakeSessionFilter.builder()
                    .header(properties.header())
                    .parameter(properties.parameter())
                    .workspace(properties.workspace())
                    .pattern(properties.pattern())
                    .maxSessions(properties.maxSessions())
                    .build();
            FilterRegistrationBean<DreamlakeSessionFilter> registration = new FilterRegistrationBean<>(filter);
            registration.setOrder(Ordered.HIGHEST_PRECEDENCE);
            registration.setDispatcherTypes(DispatcherType.REQUEST, DispatcherType.ASYNC, DispatcherType.ERROR);
            return registration;
        }

        @Bean
        @ConditionalOnMissingBean
        DreamlakeSessionListener dreamlakeSessionListener() {
            return new DreamlakeSessionListener();
        }

        /** Sessions that a path variable names. */
        @Configuration(proxyBeanMethods = false)
        @ConditionalOnClass(WebMvcConfigurer.class)
        @ConditionalOnProperty("dreamlake.web.path-variable")
        static class Paths {

            @Bean
            WebMvcConfigurer dreamlakePathVariable(
                    ObjectProvider<FilterRegistrationBean<DreamlakeSessionFilter>> registrations,
                    DreamlakeWebProperties properties) {
                return new WebMvcConfigurer() {
                    @Override
                    public void addInterceptors(InterceptorRegistry registry) {
                        String variable = properties.pathVariable();
                        FilterRegistrationBean<DreamlakeSessionFilter> registration = registrations.getIfUnique();
                        DreamlakeSessionFilter filter = registration == null ? null : registration.getFilter();
                        if (variable != null && !variable.isBlank() && filter != null) {
                            registry.addInterceptor(new PathVariableInterceptor(filter, variable))
                                    .order(Ordered.HIGHEST_PRECEDENCE);
                        }
                    }
                };
            }
        }
    }

    /** The sessions of requests in Spring WebFlux. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnWebApplication(type = ConditionalOnWebApplication.Type.REACTIVE)
    @ConditionalOnClass({HttpHandlerDecoratorFactory.class, ThreadLocalAccessor.class})
    @Conditional(RequestsNameSessions.class)
    @EnableConfigurationProperties(DreamlakeWebProperties.class)
    static class ReactiveRequests {

        @Bean
        @ConditionalOnMissingBean
        SessionHttpHandlers dreamlakeSessionHttpHandlers(DreamlakeWebProperties properties) {
            return new SessionHttpHandlers(properties);
        }
    }

    /** Whether a property says where requests name their sessions. */
    static class RequestsNameSessions extends AnyNestedCondition {

        RequestsNameSessions() {
            super(ConfigurationPhase.REGISTER_BEAN);
        }

        @ConditionalOnProperty("dreamlake.web.header")
        static class ByHeader {}

        @ConditionalOnProperty("dreamlake.web.parameter")
        static class ByParameter {}

        @ConditionalOnProperty("dreamlake.web.path-variable")
        static class ByPath {}
    }
}
