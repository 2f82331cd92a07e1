package com.example.training;

import java.util.Random;

/**
 * Points in the plane, each with the label 0 or 1.
 *
 * @param points each with two coordinates
 * @param labels one for each point
 */
record DataSet(double[][] points, int[] labels) {

    /** Two half-moons that reach into each other. With noise they overlap: nobody gets every point right. */
    static DataSet twoMoons(int size, double noise, Random random) {
        double[][] points = new double[size][];
        int[] labels = new int[size];
        for (int i = 0; i < size; i++) {
            int label = i % 2;
            double angle = Math.PI * random.nextDouble();
            double x = label == 0 ? Math.cos(angle) : 1 - Math.cos(angle);
            double y = label == 0 ? Math.sin(angle) : 0.5 - Math.sin(angle);
            points[i] = new double[] {x + noise * random.nextGaussian(), y + noise * random.nextGaussian()};
            labels[i] = label;
        }
        return new DataSet(points, labels);
    }

    int size() {
        return labels.length;
    }
}
