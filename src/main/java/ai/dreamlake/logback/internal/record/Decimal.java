package ai.dreamlake.logback.internal.record;

/** Decimal digits straight into bytes: a record has a dozen small numbers, and none of them should become a String. */
final class Decimal {

    private static final double MILLION = 1_000_000;

    private Decimal() {}

    /** Writes a number of at most 20 bytes, sign included, and returns the index behind it. */
    static int write(long value, byte[] target, int start) {
        int at = start;
        long rest = value;
        if (rest < 0) {
            target[at++] = '-';
        } else {
            rest = -rest; // Long.MIN_VALUE has no positive form, so the work is done below zero.
        }
        int end = at + digits(rest);
        for (int i = end - 1; i >= at; i--) {
            target[i] = (byte) ('0' - rest % 10);
            rest /= 10;
        }
        return end;
    }

    /** Writes the last {@code width} digits of a number that is not negative, with leading zeros. */
    static int write(int value, int width, byte[] target, int start) {
        int rest = value;
        for (int i = start + width - 1; i >= start; i--) {
            target[i] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        return start + width;
    }

    /**
     * Writes a double that has at most six decimal places, as most numbers that people choose have, in its shortest form:
     * at most 16 bytes. Returns the index behind it, or {@code start} if it is some other number, below 0.001, or 10^7 or
     * more; then nothing is written.
     *
     * <p>Why this is the shortest form: a double nearest to the quotient of two doubles is what IEEE 754 division gives, so
     * the decimal that is written here reads back as the value; and no two decimals of up to 15 digits read back as the same
     * double, so there is no other one to choose.
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

    private static int digits(long negative) {
        int digits = 1;
        for (long rest = negative; rest <= -10; rest /= 10) {
            digits++;
        }
        return digits;
    }
}
