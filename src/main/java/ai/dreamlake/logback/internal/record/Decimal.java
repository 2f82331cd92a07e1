package ai.dreamlake.logback.internal.record;

/** Decimal digits straight into bytes: a record has a dozen small numbers, and none of them should become a String. */
final class Decimal {

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

    private static int digits(long negative) {
        int digits = 1;
        for (long rest = negative; rest <= -10; rest /= 10) {
            digits++;
        }
        return digits;
    }
}
