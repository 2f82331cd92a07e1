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
 * Makes tasks run in the session of the thread that hands them to an executor, or in none.
 *
 * <ul>
 *   <li>An executor of Spring gets a {@link TaskDecorator} of ours, around the one that it has. A bean of that type
 *       would not do: Spring Boot takes one only if there is no other. A scheduler's tasks begin in no session, since
 *       most of them run again and again, long after the session of whoever registered them.
 *   <li>Any other executor that is declared as an interface, such as ExecutorService, gets a proxy. One that is
 *       declared as a class stays as it is: somebody may need that class.
 * </ul>
 *
 * <p>Whatever cannot be done here is told, and the bean is left alone.
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
            throw new IllegalStateException("it does not tell its TaskDecorator");
        }
        ReflectionUtils.makeAccessible(field);
        TaskDecorator given = (TaskDecorator) ReflectionUtils.getField(field, executor);
        if (given instanceof Decorator || executor instanceof ThreadPoolTaskExecutor pool && ordersTasks(pool)) {
            return;
        }
        UnaryOperator<Runnable> session =
                executor instanceof ThreadPoolTaskScheduler ? SessionExecutors::inNone : DreamlakeSession::propagate;
        ReflectionUtils.invokeMethod(setter, executor, new Decorator(given, session));
    }

    /** Whether its queue may look at tasks, which are no longer themselves once they are decorated. */
    private static boolean ordersTasks(ThreadPoolTaskExecutor pool) {
        return looksAtTasks(pool.getThreadPoolExecutor().getQueue());
    }

    private static boolean looksAtTasks(BlockingQueue<Runnable> queue) {
        return !(queue instanceof LinkedBlockingQueue) && !(queue instanceof SynchronousQueue);
    }

    /** A user's decorator sees the task as it is, and runs inside the session. */
    private record Decorator(@Nullable TaskDecorator given, UnaryOperator<Runnable> session) implements TaskDecorator {
        @Override
        public Runnable decorate(Runnable task) {
            return session.apply(given == null ? task : given.decorate(task));
        }
    }

    private static Runnable inNone(Runnable task) {
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
            return false; // of a scoped bean, which comes by itself, or somebody else's
        }
        if (bean instanceof ThreadPoolExecutor pool && pool.getClass() != ScheduledThreadPoolExecutor.class) {
            boolean isOfJdk = pool.getClass() == ThreadPoolExecutor.class;
            if (!isOfJdk || looksAtTasks(pool.getQueue())) {
                return false;
            }
        }
        return beans.containsBeanDefinition(name)
                && beans.getMergedBeanDefinition(name) instanceof RootBeanDefinition definition
                && definition.getResolvedFactoryMethod() != null
                && definition.getResolvedFactoryMethod().getReturnType().isInterface();
    }

    private Object proxyOf(Object bean) {
        ProxyFactory factory = new ProxyFactory(bean); // with all its interfaces
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
                            ? inNone(task)
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
