package ai.dreamlake.server;

import ai.dreamlake.logback.DreamlakeAppender;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * How many records of one appender are stored per second, in batches of 1,000. Says it, and leaves nothing behind but a
 * temporary directory.
 */
final class Throughput {

    private static final int RECORDS = 50_000;
    private static final int ROUNDS = 5;

    private Throughput() {}

    public static void main(String[] arguments) throws IOException {
        Path directory = Files.createTempDirectory("throughput");
        try (Child server = Child.server(Files.createDirectory(directory.resolve("data")), 0)) {
            String url = "http://localhost:" + server.port();
            for (int round = 0; round < ROUNDS; round++) {
                double seconds = seconds(url, directory.resolve("round" + round));
                System.out.printf("%d records in %.1f s: %.0f records/s%n", RECORDS, seconds, RECORDS / seconds);
            }
        }
    }

    private static double seconds(String url, Path localPath) {
        LoggerContext context = new LoggerContext();
        DreamlakeAppender appender = new DreamlakeAppender();
        appender.setContext(context);
        appender.setRemote(url);
        appender.setUserName("alice");
        appender.setSession(localPath.getFileName().toString());
        appender.setLocalPath(localPath.toString());
        appender.start();
        Logger log = context.getLogger("throughput");
        log.addAppender(appender);
        long start = System.nanoTime();
        for (int i = 0; i < RECORDS; i++) {
            log.atInfo()
                    .addKeyValue("epoch", i)
                    .addKeyValue("train_loss", 1.0 / (i + 1))
                    .log("Epoch completed");
        }
        if (!appender.awaitDelivery(Duration.ofMinutes(5))) {
            throw new IllegalStateException("the server does not take them");
        }
        double seconds = (System.nanoTime() - start) / (double) TimeUnit.SECONDS.toNanos(1);
        context.stop();
        return seconds;
    }
}
