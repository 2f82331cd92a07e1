package ai.dreamlake.logback.spring;

import ai.dreamlake.logback.micrometer.DreamlakeMetrics;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Makes Spring Boot applications, 3.5 and 4, keep the session on their way through executors and web requests, and
 * binds meters.
 *
 * <table>
 *   <caption>Properties</caption>
 *   <tr><td>{@code dreamlake.executors.enabled}</td><td>true: tasks of all executors and schedulers that are beans run
 *       in the session of the thread that hands them over, or in none</td></tr>
 *   <tr><td>{@code dreamlake.metrics.enabled}</td><td>true: {@link DreamlakeMetrics} are bound, where Micrometer is
 *       used</td></tr>
 * </table>
 */
@AutoConfiguration
@ConditionalOnClass(name = "ch.qos.logback.classic.LoggerContext")
public class DreamlakeAutoConfiguration {

    /** For Spring. */
    public DreamlakeAutoConfiguration() {}

    /** Sessions on their way through executors. */
    @Configuration(proxyBeanMethods = false)
    @ConditionalOnClass(ProxyFactory.class)
    @ConditionalOnProperty(name = "dreamlake.executors.enabled", matchIfMissing = true)
    static class Executors {

        /** Static, so that it is there before all executors. */
        @Bean
        static SessionExecutors dreamlakeSessionExecutors(ConfigurableListableBeanFactory beans) {
            return new SessionExecutors(beans);
        }
    }

    /** Meters. */
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
}
