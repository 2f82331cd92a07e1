package com.example.training;

import ai.dreamlake.logback.DreamlakeMarkers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Trains a network, and logs how it goes. Which session that goes to is the caller's choice. */
final class Trainer {

    private static final Logger log = LoggerFactory.getLogger(Trainer.class);

    static final int EPOCHS = 200;

    /** So many epochs without a better validation loss call for smaller steps. */
    static final int PATIENCE = 25;

    private final DataSet training;
    private final DataSet validation;

    Trainer(DataSet training, DataSet validation) {
        this.training = training;
        this.validation = validation;
    }

    void train(Network network, double learningRate) {
        log.info("Training started with learning rate {}", learningRate);
        double bestLoss = Double.POSITIVE_INFINITY;
        int bestEpoch = 0;
        int epochsWithoutGain = 0;
        for (int epoch = 1; epoch <= EPOCHS; epoch++) {
            network.learn(training, learningRate);
            double trainLoss = network.loss(training);
            double validationLoss = network.loss(validation);
            double accuracy = network.accuracy(validation);

            // Debug, for the log only: hundreds of these would flood the console.
            log.atDebug()
                    .addKeyValue("epoch", epoch)
                    .addKeyValue("train_loss", trainLoss)
                    .addKeyValue("val_loss", validationLoss)
                    .addKeyValue("val_accuracy", accuracy)
                    .addKeyValue("learning_rate", learningRate)
                    .log("Epoch completed");

            if (!Double.isFinite(trainLoss)) {
                log.error(DreamlakeMarkers.FATAL, "Training diverged - aborting this run");
                return;
            }

            if (validationLoss < bestLoss) {
                bestLoss = validationLoss;
                bestEpoch = epoch;
                epochsWithoutGain = 0;
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

            if (epoch % (EPOCHS / 10) == 0) {
                int percent = 100 * epoch / EPOCHS;
                log.atInfo()
                        .addKeyValue("percent", percent)
                        .addKeyValue("epoch", epoch)
                        .addKeyValue("epochs", EPOCHS)
                        .addKeyValue("train_loss", trainLoss)
                        .addKeyValue("val_loss", validationLoss)
                        .log("Progress: {} %, validation accuracy {}", percent, accuracy);
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
    }
}
