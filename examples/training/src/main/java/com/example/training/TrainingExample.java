package com.example.training;

import ai.dreamlake.logback.DreamlakeSession;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Teaches a small neural network to tell two half-moons apart, and keeps the log of it as two Dreamlake sessions: one
 * for an attempt with far too long steps, one for the real run. Another run of the program continues both.
 */
public final class TrainingExample {

    private static final Logger log = LoggerFactory.getLogger(TrainingExample.class);

    /** Fixed, so that every run of the program trains the same network. */
    private static final long SEED = 42;

    private static final int TRAINING_POINTS = 400;
    private static final int VALIDATION_POINTS = 200;
    private static final double NOISE = 0.2;
    private static final int HIDDEN_NEURONS = 16;
    private static final double LEARNING_RATE = 0.01;
    private static final double RECKLESS_LEARNING_RATE = 5;

    /** Not part of the example: the program has to do without. */
    private static final Path PRETRAINED = Path.of("pretrained-weights.txt");

    private final Random random = new Random(SEED);
    private final Trainer trainer = new Trainer(
            DataSet.twoMoons(TRAINING_POINTS, NOISE, random), DataSet.twoMoons(VALIDATION_POINTS, NOISE, random));

    public static void main(String[] args) throws IOException {
        TrainingExample example = new TrainingExample();
        example.trainRecklessly();
        example.train();
        // The log is complete as soon as the logger calls have returned: there is nothing to wait for.
        printEndOf(Path.of(".dreamlake", "examples", "training", "logs", "logs.jsonl"));
    }

    /** It fails, and the program goes on: fatal is the end of a run, not of the process. */
    private void trainRecklessly() {
        try (DreamlakeSession session = DreamlakeSession.builder("examples", "training-diverged")
                .description("Two half-moons, with a learning rate that is far too high")
                .tags("example", "two-moons", "diverged")
                .metadata(hyperparameters(RECKLESS_LEARNING_RATE))
                .open()) {
            trainer.train(Network.random(HIDDEN_NEURONS, random), RECKLESS_LEARNING_RATE);
        }
    }

    private void train() {
        try (DreamlakeSession session = DreamlakeSession.builder("examples", "training")
                .description("Two half-moons, told apart by one hidden layer")
                .tags("example", "two-moons")
                .metadata(hyperparameters(LEARNING_RATE))
                .open()) {
            log.info("This run logs into session {}", session);
            logSystem();
            trainer.train(startingPoint(), LEARNING_RATE);
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

    private static void printEndOf(Path file) throws IOException {
        if (!Files.exists(file)) {
            return; // the log is only on a server
        }
        List<String> lines = Files.readAllLines(file);
        System.out.println();
        System.out.println("The log: " + file.toAbsolutePath());
        System.out.println("It ends so:");
        for (String line : lines.subList(lines.size() - 3, lines.size())) {
            System.out.println(line);
        }
    }
}
