package ai.dreamlake.logback.tool;

/** Numbers for people, and for tables. */
final class PlainNumber {

    private static final double MAX_EXACT = 0x1p53;

    private PlainNumber() {}

    /** The number as text, without ".0" if it is whole. */
    static String text(double number) {
        boolean isWhole = number == Math.rint(number) && Math.abs(number) <= MAX_EXACT;
        return isWhole ? String.valueOf((long) number) : String.valueOf(number);
    }
}
