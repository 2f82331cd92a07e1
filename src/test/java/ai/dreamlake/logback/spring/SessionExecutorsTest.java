package ai.dreamlake.logback.spring;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.DreamlakeSession;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;
import org.springframework.aop.framework.ProxyFactory;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.core.task.TaskDecorator;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;

/** Beans that are executors, and what their tasks log to. */
class SessionExecutorsTest {

    private static final Callable<String> SESSION = () -> String.valueOf(MDC.get("dreamlake.session"));

    @AfterEach
    void leaveNothing() {
        MDC.clear();
    }

    private static AnnotationConfigApplicationContext start(Class<?>... configurations) {
        return start(Map.of(), configurations);
    }

    private static AnnotationConfigApplicationContext start(
            Map<String, Object> properties, Class<?>... configurations) {
        AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();
        context.getEnvironment().getPropertySources().addFirst(new MapPropertySource("test", properties));
        context.register(configurations);
        context.register(DreamlakeAutoConfiguration.class);
        context.refresh();
        return context;
    }

    @Configuration
    @EnableAsync
    static class Service {
        @Async
        public Future<String> session() throws Exception {
            return CompletableFuture.completedFuture(SESSION.call());
        }
    }

    @Configuration
    static class Decorated {
        final AtomicInteger decorated = new AtomicInteger();

        @Bean
        TaskDecorator decorator() {
            return task -> {
                decorated.incrementAndGet();
                return task;
            };
        }
    }

    @Test
    void anAsyncMethodLogsToItsCallersSessionAndAUsersTaskDecoratorKeepsWorking() throws Exception {
        try (var context = start(Service.class, Decorated.class, TaskExecutionAutoConfiguration.class)) {
            Service service = context.getBean(Service.class);
            for (int i = 0; i < 50; i++) {
                Future<String> session;
                try (DreamlakeSession scope = DreamlakeSession.open("project", "job-" + i)) {
                    session = service.session();
                }
                assertThat(session.get()).isEqualTo("job-" + i);
            }
            assertThat(service.session().get()).as("outside of a session").isEqualTo("null");
            assertThat(context.getBean(Decorated.class).decorated).hasValue(51);
        }
    }

    /** Its tasks order themselves. */
    static final class Urgent implements Runnable, Comparable<Urgent> {
        final CompletableFuture<String> session = new CompletableFuture<>();

        @Override
        public void run() {
            session.complete(MDC.get("dreamlake.session"));
        }

        @Override
        public int compareTo(Urgent other) {
            return 0;
        }
    }

    /** Nobody can be its subclass. */
    static final class Direct implements Executor {
        @Override
        public void execute(Runnable task) {
            task.run();
        }
    }

    @Configuration
    static class Pools {
        @Bean
        ExecutorService fixed() {
            return Executors.newFixedThreadPool(1);
        }

        @Bean
        ExecutorService single() {
            return Executors.newSingleThreadExecutor(); // of a class that is not public
        }

        @Bean
        ThreadPoolExecutor ordered() {
            return new ThreadPoolExecutor(1, 1, 1, TimeUnit.MINUTES, new PriorityBlockingQueue<>());
        }

        @Bean
        ExecutorService forking() {
            return new ForkJoinPool(1);
        }

        @Bean
        ThreadPoolTaskExecutor springs() {
            return new ThreadPoolTaskExecutor();
        }

        @Bean
        SimpleAsyncTaskExecutor simple() {
            return new SimpleAsyncTaskExecutor();
        }

        @Bean
        ThreadPoolTaskScheduler scheduler() {
            return new ThreadPoolTaskScheduler();
        }

        @Bean
        Direct direct() {
            return new Direct();
        }

        @Bean
        Object advised() {
            ProxyFactory factory = new ProxyFactory(Executors.newFixedThreadPool(1));
            return factory.getProxy();
        }
    }

    @Test
    void tasksOfEveryKindOfExecutorRunInTheSessionOfWhoHandsThemOver() throws Exception {
        try (var context = start(Pools.class)) {
            for (String name : List.of("fixed", "single", "forking", "advised")) {
                ExecutorService pool = context.getBean(name, ExecutorService.class);
                try (DreamlakeSession scope = DreamlakeSession.open("project", name)) {
                    assertThat(pool.submit(SESSION).get()).isEqualTo(name);
                    assertThat(pool.invokeAll(List.of(SESSION, SESSION)).get(1).get())
                            .isEqualTo(name);
                    assertThat(CompletableFuture.supplyAsync(DreamlakeSessionName::get, pool)
                                    .get())
                            .isEqualTo(name);
                }
                assertThat(pool.submit(SESSION).get()).as(name).isEqualTo("null");
            }
            ThreadPoolTaskExecutor springs = context.getBean("springs", ThreadPoolTaskExecutor.class);
            SimpleAsyncTaskExecutor simple = context.getBean(SimpleAsyncTaskExecutor.class);
            ThreadPoolTaskScheduler scheduler = context.getBean(ThreadPoolTaskScheduler.class);
            CompletableFuture<String> scheduled = new CompletableFuture<>();
            try (DreamlakeSession scope = DreamlakeSession.open("project", "springs")) {
                assertThat(springs.submit(SESSION).get()).isEqualTo("springs");
                assertThat(springs.submitCompletable(SESSION).get()).isEqualTo("springs");
                assertThat(simple.submit(SESSION).get()).isEqualTo("springs");
                scheduler.schedule(() -> scheduled.complete(DreamlakeSessionName.get()), Instant.now());
                assertThat(scheduled.get()).isEqualTo("springs");
            }
            assertThat(springs.getThreadPoolExecutor().getPoolSize()).isEqualTo(1);
        }
    }

    /** As text, for tasks that throw nothing. */
    private static final class DreamlakeSessionName {
        static String get() {
            return String.valueOf(MDC.get("dreamlake.session"));
        }
    }

    @Test
    void aTaskThatItsQueueOrdersAndAnExecutorThatCannotBeProxiedWorkAsWithoutUs() throws Exception {
        try (var context = start(Pools.class)) {
            Urgent urgent = new Urgent();
            context.getBean("ordered", ThreadPoolExecutor.class).execute(urgent);
            urgent.session.get();
            Direct direct = context.getBean(Direct.class);
            AtomicInteger ran = new AtomicInteger();
            direct.execute(ran::incrementAndGet);
            assertThat(ran).hasValue(1);
        }
    }

    @Test
    void aSessionThatATaskLeftOnItsThreadIsNotTheNextOnes() throws Exception {
        try (var context = start(Pools.class)) {
            ExecutorService pool = context.getBean("fixed", ExecutorService.class);
            pool.submit(() -> MDC.put("dreamlake.session", "left")).get();
            assertThat(pool.submit(SESSION).get()).isEqualTo("null");
        }
    }

    @Configuration
    @EnableScheduling
    static class Ticking {
        final CompletableFuture<String> second = new CompletableFuture<>();
        private final AtomicInteger ticks = new AtomicInteger();

        @Scheduled(fixedRate = 1)
        void tick() {
            if (ticks.incrementAndGet() == 2) {
                second.complete(DreamlakeSessionName.get());
            }
            MDC.put("dreamlake.session", "left");
        }

        @Bean
        ThreadPoolTaskScheduler taskScheduler() {
            return new ThreadPoolTaskScheduler();
        }
    }

    @Test
    void aScheduledMethodBeginsInNoSession() throws Exception {
        try (var context = start(Ticking.class)) {
            assertThat(context.getBean(Ticking.class).second.get(1, TimeUnit.MINUTES))
                    .as("the first tick left one on the thread")
                    .isEqualTo("null");
        }
    }

    @Test
    void aPropertyTurnsItOff() throws Exception {
        try (var context = start(Map.of("dreamlake.executors.enabled", "false"), Pools.class);
                DreamlakeSession scope = DreamlakeSession.open("project", "mine")) {
            assertThat(context.getBean("fixed", ExecutorService.class)
                            .submit(SESSION)
                            .get())
                    .isEqualTo("null");
        }
    }
}
