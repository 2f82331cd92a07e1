package com.example.training;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A neural network with two inputs, one hidden layer (tanh) and one output (sigmoid). */
final class Network {

    private static final class Neuron {
        double weightX;
        double weightY;
        double bias;
        double outputWeight;

        double activation(double[] point) {
            return Math.tanh(weightX * point[0] + weightY * point[1] + bias);
        }
    }

    private final List<Neuron> hidden = new ArrayList<>();

    private Network() {}

    static Network random(int hiddenNeurons, Random random) {
        Network network = new Network();
        for (int i = 0; i < hiddenNeurons; i++) {
            network.add(random.nextGaussian(), random.nextGaussian(), random.nextGaussian(), random.nextGaussian());
        }
        return network;
    }

    /** Reads one hidden neuron from each line: two weights, the bias, and the weight of its output. */
    static Network read(Path file) throws IOException {
        Network network = new Network();
        for (String line : Files.readAllLines(file)) {
            String[] numbers = line.trim().split("\\s+");
            network.add(
                    Double.parseDouble(numbers[0]),
                    Double.parseDouble(numbers[1]),
                    Double.parseDouble(numbers[2]),
                    Double.parseDouble(numbers[3]));
        }
        return network;
    }

    private void add(double weightX, double weightY, double bias, double outputWeight) {
        Neuron neuron = new Neuron();
        neuron.weightX = weightX;
        neuron.weightY = weightY;
        neuron.bias = bias;
        neuron.outputWeight = outputWeight;
        hidden.add(neuron);
    }

    /** How likely the point has the label 1. */
    double probability(double[] point) {
        double sum = 0;
        for (Neuron neuron : hidden) {
            sum += neuron.outputWeight * neuron.activation(point);
        }
        return 1 / (1 + Math.exp(-sum));
    }

    /** One epoch: a step down the gradient of the loss for each point. */
    void learn(DataSet data, double learningRate) {
        for (int i = 0; i < data.size(); i++) {
            double[] point = data.points()[i];
            double step = learningRate * (probability(point) - data.labels()[i]);
            for (Neuron neuron : hidden) {
                double activation = neuron.activation(point);
                double hiddenStep = step * neuron.outputWeight * (1 - activation * activation);
                neuron.outputWeight -= step * activation;
                neuron.weightX -= hiddenStep * point[0];
                neuron.weightY -= hiddenStep * point[1];
                neuron.bias -= hiddenStep;
            }
        }
    }

    /** The mean cross-entropy. It is infinite as soon as the network is entirely sure of one wrong label. */
    double loss(DataSet data) {
        double sum = 0;
        for (int i = 0; i < data.size(); i++) {
            double probability = probability(data.points()[i]);
            sum -= Math.log(data.labels()[i] == 1 ? probability : 1 - probability);
        }
        return sum / data.size();
    }

    /** The share of points whose label the network gets right. */
    double accuracy(DataSet data) {
        int right = 0;
        for (int i = 0; i < data.size(); i++) {
            int guess = probability(data.points()[i]) > 0.5 ? 1 : 0;
            if (guess == data.labels()[i]) {
                right++;
            }
        }
        return (double) right / data.size();
    }
}
