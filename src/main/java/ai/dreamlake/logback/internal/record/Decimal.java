package ai.dreamlake.logback.internal.record;

import tools.jackson.core.io.NumberOutput;

/**
 * Writes decimal numbers directly as bytes, so that the dozen small numbers of a record do not each become a String.
 */
final class Decimal {

    private static final double MILLION = 1_000_000;

    private Decimal() {}

    /** Writes a number of at most 20 bytes, sign included, and returns the index after it. */
    static int write(long value, byte[] target, int start) {
        return NumberOutput.outputLong(value, target, start);
    }

    /** Writes the last {@code width} digits of a non-negative number, with leading zeros. */
    static int write(int value, int width, byte[] target, int start) {
        int rest = value;
        for (int i = start + width - 1; i >= start; i--) {
            target[i] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        return start + width;
    }

    /**
     * Writes a double in its shortest form, in at most 16 bytes, if its magnitude is at least 0.001 and below 10^7 and
     * it has at most six decimal places, as most numbers that people choose do. Returns the index after its last byte,
     * or {@code start} for any other number, for which it writes nothing.
     *
     * <p>Why this is the shortest form: IEEE 754 division yields the double nearest to the quotient of two doubles, so
     * the decimal written here reads back as the value. No two decimals of up to 15 digits read back as the same
     * double, so there is no shorter one.
     */
    static int write(double value, byte[] target, int start) {
        double size = Math.abs(value);
        long millionths = (long) (size * MILLION + 0.5);
        if (size < 0.001 || size >= 10_000_000 || millionths / MILLION != size) {
            return start;
        }
        int at = start;
        if (value < 0) {
            target[at++] = '-';
        }
        at = write(millionths / (int) MILLION, target, at);
        int fraction = (int) (millionths % (int) MILLION);
        int width = 6;
        while (width > 1 && fraction % 10 == 0) {
            fraction /= 10;
            width--;
        }
        target[at++] = '.';
        return write(fraction, width, target, at);
    }
}
