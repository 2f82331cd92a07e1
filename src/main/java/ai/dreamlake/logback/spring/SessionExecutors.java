package ai.dreamlake.logback.spring;

import ai.dreamlake.logback.DreamlakeSession;
import ai.dreamlake.logback.internal.session.MdcEntries;
import ai.dreamlake.logback.internal.session.Scopes;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.util.Collection;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.function.UnaryOperator;
import org.aopalliance.intercept.MethodInterceptor;
import org.aopalliance.intercept.MethodInvocation;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.aop.SpringProxy;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.core.task.TaskDecorator;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.util.ReflectionUtils;

/**
 * Makes tasks run in the session of the thread that submits them to an executor, or in none.
 *
 * <ul>
 *   <li>Spring's own executors get our {@link TaskDecorator}, wrapped around the one that they have. A bean of that
 *       type is not enough: Spring Boot uses it only if it is the only one. A scheduler's tasks begin in no session,
 *       since most of them repeat long after the session in which they were registered.
 *   <li>Any other executor that is declared as an interface, such as ExecutorService, gets a proxy. An executor that is
 *       declared as a class stays as it is, because the application may need that class.
 * </ul>
 *
 * <p>If this fails for a bean, a warning is logged, and the bean stays as it is.
 */
final class SessionExecutors implements BeanPostProcessor {

    private static final Logger log = LoggerFactory.getLogger(SessionExecutors.class);

    private final ConfigurableListableBeanFactory beans;

    SessionExecutors(ConfigurableListableBeanFactory beans) {
        this.beans = beans;
    }

    @Override
    public Object postProcessAfterInitialization(Object bean, String name) {
        if (!(bean instanceof Executor)) {
            return bean;
        }
        try {
            Method setter = ReflectionUtils.findMethod(bean.getClass(), "setTaskDecorator", TaskDecorator.class);
            if (setter != null && !(bean instanceof SpringProxy)) {
                decorate(bean, setter);
                return bean;
            }
            return isReplaceable(bean, name) ? proxyOf(bean) : bean;
        } catch (RuntimeException | LinkageError failure) {
            log.warn("Tasks of the executor {} do not keep the session: {}", name, failure.toString());
            return bean;
        }
    }

    private static void decorate(Object executor, Method setter) {
        Field field = ReflectionUtils.findField(executor.getClass(), "taskDecorator", TaskDecorator.class);
        if (field == null) {
            throw new IllegalStateException("its TaskDecorator cannot be read");
        }
        ReflectionUtils.makeAccessible(field);
        TaskDecorator given = (TaskDecorator) ReflectionUtils.getField(field, executor);
        if (given instanceof Decorator || executor instanceof ThreadPoolTaskExecutor pool && inspectsTasks(pool)) {
            return;
        }
        UnaryOperator<Runnable> session = executor instanceof ThreadPoolTaskScheduler
                ? SessionExecutors::inNoSession
                : DreamlakeSession::propagate;
        ReflectionUtils.invokeMethod(setter, executor, new Decorator(given, session));
    }

    /** Whether its queue may inspect or compare tasks, which would fail with decorated ones. */
    private static boolean inspectsTasks(ThreadPoolTaskExecutor pool) {
        return inspectsTasks(pool.getThreadPoolExecutor().getQueue());
    }

    private static boolean inspectsTasks(BlockingQueue<Runnable> queue) {
        return !(queue instanceof LinkedBlockingQueue) && !(queue instanceof SynchronousQueue);
    }

    /** The user's decorator gets the original task, and what it returns runs in the session. */
    private record Decorator(@Nullable TaskDecorator given, UnaryOperator<Runnable> session) implements TaskDecorator {
        @Override
        public Runnable decorate(Runnable task) {
            return session.apply(given == null ? task : given.decorate(task));
        }
    }

    private static Runnable inNoSession(Runnable task) {
        return () -> {
            MdcEntries before = MdcEntries.ofThread();
            MdcEntries.NONE.toThread();
            try {
                task.run();
            } finally {
                Scopes.valid(before, null).toThread();
            }
        };
    }

    private boolean isReplaceable(Object bean, String name) {
        if (bean instanceof SpringProxy) {
            return false; // of a scoped bean, whose target is processed on its own, or of another library
        }
        if (bean instanceof ThreadPoolExecutor pool && pool.getClass() != ScheduledThreadPoolExecutor.class) {
            boolean isOfJdk = pool.getClass() == ThreadPoolExecutor.class;
            if (!isOfJdk || inspectsTasks(pool.getQueue())) {
                return false;
            }
        }
        return beans.containsBeanDefinition(name)
                && beans.getMergedBeanDefinition(name) instanceof RootBeanDefinition definition
                && definition.getResolvedFactoryMethod() != null
                && definition.getResolvedFactoryMethod().getReturnType().isInterface();
    }

    private Object proxyOf(Object bean) {
        ProxyFactory factory = new ProxyFactory(bean); // has all of its interfaces
        factory.addAdvice(new Propagation());
        return factory.getProxy(beans.getBeanClassLoader());
    }

    /** Wraps the tasks among a method's arguments. */
    private static final class Propagation implements MethodInterceptor {

        @Override
        public @Nullable Object invoke(MethodInvocation call) throws Throwable {
            String method = call.getMethod().getName();
            boolean isPeriodic = method.equals("scheduleAtFixedRate") || method.equals("scheduleWithFixedDelay");
            if (method.startsWith("execute")
                    || method.startsWith("submit")
                    || method.startsWith("schedule")
                    || method.startsWith("invoke")) {
                Object[] arguments = call.getArguments();
                Class<?>[] parameters = call.getMethod().getParameterTypes();
                for (int i = 0; i < arguments.length; i++) {
                    arguments[i] = isPeriodic && arguments[i] instanceof Runnable task
                            ? inNoSession(task)
                            : propagated(arguments[i], parameters[i]);
                }
            }
            return call.proceed();
        }

        private static @Nullable Object propagated(@Nullable Object argument, Class<?> parameter) {
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
