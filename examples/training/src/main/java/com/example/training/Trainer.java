package com.example.training;

import ai.dreamlake.logback.DreamlakeMarkers;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Trains a network, and logs how it goes. Which session that goes to is the caller's choice. */
final class Trainer {

    private static final Logger log = LoggerFactory.getLogger(Trainer.class);

    static final int EPOCHS = 40;

    /** After this many epochs without a better validation loss, the steps become smaller. */
    static final int PATIENCE = 5;

    private final DataSet training;
    private final DataSet validation;

    Trainer(DataSet training, DataSet validation) {
        this.training = training;
        this.validation = validation;
    }

    /** @return the training loss of each epoch; the last one is not finite if the training diverged */
    List<Double> train(Network network, double learningRate) {
        log.info("Training started with learning rate {}", learningRate);
        long start = System.nanoTime();
        List<Double> losses = new ArrayList<>();
        double bestLoss = Double.POSITIVE_INFINITY;
        int bestEpoch = 0;
        int epochsWithoutGain = 0;
        for (int epoch = 1; epoch <= EPOCHS; epoch++) {
            network.learn(training, learningRate);
            double trainLoss = network.loss(training);
            double validationLoss = network.loss(validation);
            double accuracy = network.accuracy(validation);
            double seconds = (System.nanoTime() - start) / 1e9;
            losses.add(trainLoss);

            // The message is for people, and the same on the console and in the log. The key-values are for programs:
            // they
            // become the record's metadata, with all their digits.
            log.atInfo()
                    .addKeyValue("epoch", epoch)
                    .addKeyValue("train_loss", trainLoss)
                    .addKeyValue("val_loss", validationLoss)
                    .addKeyValue("val_accuracy", accuracy)
                    .addKeyValue("learning_rate", learningRate)
                    .log(progress(epoch, trainLoss, accuracy, seconds));

            if (!Double.isFinite(trainLoss)) {
                log.error(DreamlakeMarkers.FATAL, "Training diverged - aborting this run");
                return losses;
            }

            if (validationLoss < bestLoss) {
                bestLoss = validationLoss;
                bestEpoch = epoch;
                epochsWithoutGain = 0;
                // Debug, for the log only: the console shows enough.
                log.atDebug()
                        .addKeyValue("epoch", epoch)
                        .addKeyValue("best_val_loss", bestLoss)
                        .log("Best validation loss so far");
            } else {
                epochsWithoutGain++;
            }
            if (epochsWithoutGain == PATIENCE) {
                learningRate /= 2;
                epochsWithoutGain = 0;
                log.atWarn()
                        .addKeyValue("epoch", epoch)
                        .addKeyValue("val_loss", validationLoss)
                        .addKeyValue("best_val_loss", bestLoss)
                        .addKeyValue("best_epoch", bestEpoch)
                        .log(
                                "No better validation loss for {} epochs, learning rate is now {}",
                                PATIENCE,
                                learningRate);
            }
        }
        log.atInfo()
                .addKeyValue("epoch", EPOCHS)
                .addKeyValue("train_loss", network.loss(training))
                .addKeyValue("val_loss", network.loss(validation))
                .addKeyValue("val_accuracy", network.accuracy(validation))
                .addKeyValue("best_val_loss", bestLoss)
                .addKeyValue("best_epoch", bestEpoch)
                .log("Training completed");
        return losses;
    }

    private static String progress(int epoch, double loss, double accuracy, double seconds) {
        return String.format(
                Locale.ROOT,
                "Epoch %2d of %d: loss %.4f, accuracy %.3f, %.1f s",
                epoch,
                EPOCHS,
                loss,
                accuracy,
                seconds);
    }
}
