package ai.dreamlake.logback.spring;

import static org.assertj.core.api.Assertions.assertThat;

import ai.dreamlake.logback.DreamlakeSession;
import com.google.common.util.concurrent.ListeningExecutorService;
import com.google.common.util.concurrent.MoreExecutors;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;
import org.springframework.boot.autoconfigure.task.TaskExecutionAutoConfiguration;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Scope;
import org.springframework.context.annotation.ScopedProxyMode;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.core.task.TaskDecorator;
import org.springframework.scheduling.annotation.Async;
import org.springframework.scheduling.annotation.EnableAsync;
import org.springframework.scheduling.annotation.EnableScheduling;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.scheduling.concurrent.ThreadPoolTaskExecutor;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;

/** The sessions to which tasks of executor beans log. */
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

    /** A task that a queue orders by comparing it. */
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

    /** No other class can create an instance. */
    static class Unmakeable implements Executor {
        private Unmakeable() {}

        static Unmakeable of() {
            return new Unmakeable();
        }

        @Override
        public final void execute(Runnable task) {
            task.run();
        }
    }

    /** It cannot have a subclass. */
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
        ListeningExecutorService listening() {
            return MoreExecutors.listeningDecorator(Executors.newFixedThreadPool(1)); // its methods are final
        }

        @Bean
        @Scope(value = "singleton", proxyMode = ScopedProxyMode.TARGET_CLASS)
        ThreadPoolTaskExecutor scoped() {
            return new ThreadPoolTaskExecutor();
        }

        @Bean
        Unmakeable unmakeable() {
            return Unmakeable.of();
        }
    }

    @Test
    void tasksOfEveryKindOfExecutorRunInTheSessionOfTheSubmittingThread() throws Exception {
        try (var context = start(Pools.class)) {
            for (String name : List.of("fixed", "single", "forking", "listening")) {
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
            try (DreamlakeSession scope = DreamlakeSession.open("project", "springs")) {
                assertThat(springs.submit(SESSION).get()).isEqualTo("springs");
                assertThat(springs.submitCompletable(SESSION).get()).isEqualTo("springs");
                assertThat(simple.submit(SESSION).get()).isEqualTo("springs");
                assertThat(context.getBean("scoped", ThreadPoolTaskExecutor.class)
                                .submit(SESSION)
                                .get())
                        .isEqualTo("springs");
                assertThat(simple.getConcurrencyLimit()).isEqualTo(-1);
                assertThat(scheduler.submit(SESSION).get())
                        .as("a scheduler's tasks may run long after this session")
                        .isEqualTo("null");
            }
            assertThat(springs.getThreadPoolExecutor().getPoolSize()).isEqualTo(1);
        }
    }

    /** The session as text, for tasks without checked exceptions. */
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
            context.getBean(Unmakeable.class).execute(ran::incrementAndGet);
            assertThat(ran).hasValue(2);
        }
    }

    @Test
    void aSessionThatATaskLeftOnItsThreadIsNotTheNextTasks() throws Exception {
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
    void aScheduledMethodBeginsInNoSessionWhoeverRegistersItAndWhateverTheLastTickLeft() throws Exception {
        try (DreamlakeSession scope = DreamlakeSession.open("project", "of who starts the application");
                var context = start(Ticking.class)) {
            assertThat(context.getBean(Ticking.class).second.get(1, TimeUnit.MINUTES))
                    .isEqualTo("null");
        }
    }

    @Configuration
    static class Periodic {
        @Bean
        ScheduledExecutorService timer() {
            return Executors.newScheduledThreadPool(1);
        }
    }

    @Test
    void aPeriodicTaskOfTheJdkRunsInNoSessionAndASingleOneInThatOfTheSchedulingThread() throws Exception {
        try (var context = start(Periodic.class)) {
            ScheduledExecutorService timer = context.getBean(ScheduledExecutorService.class);
            CompletableFuture<String> tick = new CompletableFuture<>();
            try (DreamlakeSession scope = DreamlakeSession.open("project", "mine")) {
                assertThat(timer.schedule(SESSION, 1, TimeUnit.MILLISECONDS).get())
                        .isEqualTo("mine");
                timer.scheduleAtFixedRate(() -> tick.complete(DreamlakeSessionName.get()), 0, 1, TimeUnit.MILLISECONDS);
                assertThat(tick.get(1, TimeUnit.MINUTES)).isEqualTo("null");
            }
        }
    }

    /** A task whose class a decorator recognises. */
    record Job(CompletableFuture<String> session) implements Runnable {
        @Override
        public void run() {
            session.complete(MDC.get("dreamlake.session"));
        }
    }

    @Configuration
    static class Particular {
        final List<Object> seen = new CopyOnWriteArrayList<>();

        @Bean
        ThreadPoolTaskExecutor pool() {
            ThreadPoolTaskExecutor pool = new ThreadPoolTaskExecutor();
            pool.setTaskDecorator(task -> {
                seen.add(task);
                return task;
            });
            return pool;
        }

        @Bean
        ThreadPoolTaskExecutor ordered() {
            return new ThreadPoolTaskExecutor() {
                @Override
                protected BlockingQueue<Runnable> createQueue(int capacity) {
                    return new PriorityBlockingQueue<>(11, Comparator.comparing(task -> ((Job) task).hashCode()));
                }
            };
        }
    }

    @Test
    void aUsersDecoratorAndAUsersQueueSeeTasksAsTheyAre() throws Exception {
        try (var context = start(Particular.class);
                DreamlakeSession scope = DreamlakeSession.open("project", "mine")) {
            Job job = new Job(new CompletableFuture<>());
            context.getBean("pool", ThreadPoolTaskExecutor.class).execute(job);
            assertThat(job.session.get()).isEqualTo("mine");
            assertThat(context.getBean(Particular.class).seen).containsExactly(job);
            for (int i = 0; i < 5; i++) {
                Job another = new Job(new CompletableFuture<>());
                context.getBean("ordered", ThreadPoolTaskExecutor.class).execute(another);
                another.session.get();
            }
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
