package com.example.training;

import ai.dreamlake.logback.DreamlakeSession;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Teaches a small neural network to tell two half-moons apart, twice: an attempt that fails on purpose, and the real
 * run. The log of each is a Dreamlake session of its own, and the next start of the program makes two more.
 */
public final class TrainingExample {

    private static final Logger log = LoggerFactory.getLogger(TrainingExample.class);

    private static final String WORKSPACE = "examples";

    /** Fixed, so that every run of the program trains the same network. */
    private static final long SEED = 42;

    private static final int TRAINING_POINTS = 2000;
    private static final int VALIDATION_POINTS = 1000;
    private static final double NOISE = 0.2;
    private static final int HIDDEN_NEURONS = 128;
    private static final double LEARNING_RATE = 0.008;
    private static final double RECKLESS_LEARNING_RATE = 5;

    /** Not part of the example: the program has to do without. */
    private static final Path PRETRAINED = Path.of("pretrained-weights.txt");

    /**
     * The MDC key for what the program is doing. Its value is in each line on the console, and in the metadata of each
     * record.
     */
    private static final String PHASE = "phase";

    private static final String DELIBERATE_FAILURE = "deliberate-failure";

    private final Random random = new Random(SEED);
    private final Trainer trainer = new Trainer(
            DataSet.twoMoons(TRAINING_POINTS, NOISE, random), DataSet.twoMoons(VALIDATION_POINTS, NOISE, random));

    public static void main(String[] args) throws IOException {
        Destination destination = Destination.ofConfiguration();
        destination.printBefore();

        // A session for each run. Two runs in one session would draw one curve, which jumps back in the middle.
        String time = startTime();
        String diverged = "training-diverged-" + time;
        String training = "training-" + time;
        TrainingExample example = new TrainingExample();

        System.out.println();
        System.out.println("Run 1 of 2 fails on purpose: its learning rate is far too high.");
        example.trainRecklessly(diverged);
        System.out.println("That error was deliberate. A real run that diverges leaves the same in its log.");

        System.out.println();
        System.out.println("Run 2 of 2 trains. First it looks for weights that are missing on purpose.");
        List<Double> losses = example.train(training);

        System.out.println();
        LossChart.print("Training loss of each epoch", losses, System.out);
        System.out.println();
        destination.printAfter(WORKSPACE, time, List.of(training, diverged));
    }

    /** In UTC, as in the records. Jobs that may start in the same second need more, such as the job's id. */
    private static String startTime() {
        return DateTimeFormatter.ofPattern("yyyy-MM-dd-HHmmss")
                .withZone(ZoneOffset.UTC)
                .format(Instant.now());
    }

    /** It fails, and the program goes on: fatal is the end of a run, not of the process. */
    private void trainRecklessly(String name) {
        try (DreamlakeSession session = DreamlakeSession.builder(WORKSPACE, name)
                        .description("Two half-moons, with a learning rate that is far too high")
                        .tags("example", "two-moons", "diverged")
                        .metadata(hyperparameters(RECKLESS_LEARNING_RATE))
                        .open();
                MDC.MDCCloseable phase = MDC.putCloseable(PHASE, DELIBERATE_FAILURE)) {
            log.info("This run logs into session {}", session);
            trainer.train(Network.random(HIDDEN_NEURONS, random), RECKLESS_LEARNING_RATE);
        }
    }

    private List<Double> train(String name) {
        try (DreamlakeSession session = DreamlakeSession.builder(WORKSPACE, name)
                .description("Two half-moons, told apart by one hidden layer")
                .tags("example", "two-moons")
                .metadata(hyperparameters(LEARNING_RATE))
                .open()) {
            Network network;
            try (MDC.MDCCloseable phase = MDC.putCloseable(PHASE, DELIBERATE_FAILURE)) {
                network = startingPoint();
            }
            try (MDC.MDCCloseable phase = MDC.putCloseable(PHASE, "train")) {
                log.info("This run logs into session {}", session);
                logSystem();
                return trainer.train(network, LEARNING_RATE);
            }
        }
    }

    private static Map<String, Object> hyperparameters(double learningRate) {
        return Map.of(
                "seed", SEED,
                "training_points", TRAINING_POINTS,
                "validation_points", VALIDATION_POINTS,
                "noise", NOISE,
                "hidden_neurons", HIDDEN_NEURONS,
                "epochs", Trainer.EPOCHS,
                "patience", Trainer.PATIENCE,
                "learning_rate", learningRate);
    }

    private static void logSystem() {
        Runtime runtime = Runtime.getRuntime();
        log.atInfo()
                .addKeyValue("java_version", System.getProperty("java.version"))
                .addKeyValue("processors", runtime.availableProcessors())
                .addKeyValue("max_memory_mb", runtime.maxMemory() / (1024 * 1024))
                .addKeyValue("os", System.getProperty("os.name"))
                .log("System information");
    }

    private Network startingPoint() {
        try {
            return readPretrained();
        } catch (IOException fault) {
            log.warn("Starting from random weights instead");
            return Network.random(HIDDEN_NEURONS, random);
        }
    }

    private static Network readPretrained() throws IOException {
        try {
            return Network.read(PRETRAINED);
        } catch (IOException fault) {
            // The log keeps the exception; what to do about it is for the caller to say.
            log.error("Could not read {}", PRETRAINED, fault);
            throw fault;
        }
    }
}
