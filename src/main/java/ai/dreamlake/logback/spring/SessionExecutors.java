package ai.dreamlake.logback.spring;

import ai.dreamlake.logback.DreamlakeSession;
import java.lang.reflect.Modifier;
import java.util.Collection;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.springframework.aop.framework.Advised;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.scheduling.TaskScheduler;

/**
 * Makes tasks run in the session of the thread that hands them to an executor, or in none: every bean that is an
 * executor or a scheduler gets a proxy that {@linkplain DreamlakeSession#propagate propagates} the session. Not those
 * that are declared by a final class, or by one of the JDK's, such as ThreadPoolExecutor: as an ExecutorService they
 * are.
 *
 * <p>A TaskDecorator of ours would not do: Spring Boot takes one only if there is no other. A proxy leaves a user's own
 * as it is.
 */
final class SessionExecutors implements BeanPostProcessor {

    private final ConfigurableListableBeanFactory beans;
    private final @Nullable ClassLoader loader;

    SessionExecutors(ConfigurableListableBeanFactory beans) {
        this.beans = beans;
        this.loader = beans.getBeanClassLoader();
    }

    @Override
    public Object postProcessAfterInitialization(Object bean, String name) {
        if (!(bean instanceof Executor) && !(bean instanceof TaskScheduler)) {
            return bean;
        }
        if (bean instanceof Advised proxy && !proxy.isFrozen()) {
            proxy.addAdvice(0, new Propagation());
            return bean;
        }
        return proxyOf(bean, declaredType(bean, name));
    }

    private Class<?> declaredType(Object bean, String name) {
        if (beans.containsBeanDefinition(name)
                && beans.getMergedBeanDefinition(name) instanceof RootBeanDefinition definition
                && definition.getResolvedFactoryMethod() != null) {
            return definition.getResolvedFactoryMethod().getReturnType();
        }
        return bean.getClass();
    }

    /** Whoever asks for the bean by the type that it is declared with still gets it. */
    private Object proxyOf(Object bean, Class<?> declared) {
        ProxyFactory factory = new ProxyFactory(bean);
        factory.addAdvice(new Propagation());
        boolean isOfJdk = bean.getClass().getClassLoader() == null; // whose classes have no subclasses made by others
        boolean isFinal = Modifier.isFinal(bean.getClass().getModifiers());
        if (!isOfJdk && !isFinal) {
            factory.setProxyTargetClass(true);
        } else if (!declared.isInterface()) {
            return bean; // its tasks have no session, as without us
        }
        return factory.getProxy(loader);
    }

    /** Wraps the tasks among a method's arguments. */
    private static final class Propagation implements MethodInterceptor {

        @Override
        public @Nullable Object invoke(MethodInvocation call) throws Throwable {
            String method = call.getMethod().getName();
            if (method.startsWith("execute")
                    || method.startsWith("submit")
                    || method.startsWith("schedule")
                    || method.startsWith("invoke")) {
                Object[] arguments = call.getArguments();
                for (int i = 0; i < arguments.length; i++) {
                    arguments[i] = propagated(arguments[i], call.getMethod().getParameterTypes()[i]);
                }
            }
            return call.proceed();
        }

        private static @Nullable Object propagated(@Nullable Object argument, Class<?> parameter) {
            if (argument instanceof Comparable) {
                return argument; // a queue may order its tasks
            }
            if (parameter == Runnable.class && argument instanceof Runnable task) {
                return DreamlakeSession.propagate(task);
            }
            if (parameter == Callable.class && argument instanceof Callable<?> task) {
                return DreamlakeSession.propagate(task);
            }
            if (parameter == Collection.class && argument instanceof Collection<?> tasks) {
                return tasks.stream()
                        .map(task -> propagated(task, Callable.class))
                        .toList();
            }
            return argument;
        }
    }
}
