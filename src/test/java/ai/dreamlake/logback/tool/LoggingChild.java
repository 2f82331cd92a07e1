package ai.dreamlake.logback.tool;

import ai.dreamlake.logback.support.ChildJvm;
import ai.dreamlake.logback.support.Logging;
import ch.qos.logback.core.util.Duration;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A process that logs into session {@code default/run} and then waits until it is killed. Arguments: local path, "log"
 * or "stage", and for "log" the messages. Prints how many records it has logged. With "stage", the last ones are only
 * in its tail.
 */
final class LoggingChild {

    private LoggingChild() {}

    public static void main(String[] arguments) throws InterruptedException {
        Path root = Path.of(arguments[0]);
        boolean stages = arguments[1].equals("stage");
        Logging logging = Logging.to(root, appender -> {
            appender.setSession("run");
            appender.setWriteDelay(stages ? Duration.buildByMinutes(60) : Duration.buildByMilliseconds(2));
        });
        int records = 0;
        for (int i = 2; i < arguments.length; i++) {
            logging.log.info(arguments[i]);
            records++;
        }
        while (stages && !Files.exists(root.resolve("default/run/logs/logs.jsonl.tail"))) {
            logging.log.info("record {}", records++);
        }
        for (int i = 0; stages && i < 50; i++) {
            logging.log.info("record {}", records++);
        }
        System.out.println(records);
        Thread.currentThread().join();
    }

    /** Starts one that has logged and is alive. */
    static ChildJvm start(Path root, String... messages) {
        List<Object> arguments = new ArrayList<>(List.of(root, "log"));
        arguments.addAll(List.of(messages));
        ChildJvm child = ChildJvm.start(LoggingChild.class, arguments.toArray());
        child.readLine();
        return child;
    }

    /** Runs one that has logged and was killed. */
    static void killed(Path root, String... messages) {
        try (ChildJvm child = start(root, messages)) {
            child.kill();
            child.waitFor();
        }
    }

    /** Runs one that was killed and left records in its tail. Returns how many records it logged. */
    static int killedWithATail(Path root) {
        try (ChildJvm child = ChildJvm.start(LoggingChild.class, root, "stage")) {
            int records = Integer.parseInt(child.readLine());
            child.kill();
            child.waitFor();
            return records;
        }
    }
}
