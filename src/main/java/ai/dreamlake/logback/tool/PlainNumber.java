package ai.dreamlake.logback.tool;

/** Numbers for people, and for tables. */
final class PlainNumber {

    private static final double MAX_EXACT = 0x1p53;

    private PlainNumber() {}

    /** Without a fraction where there is none. */
    static String text(double number) {
        boolean isWhole = number == Math.rint(number) && Math.abs(number) <= MAX_EXACT;
        return isWhole ? String.valueOf((long) number) : String.valueOf(number);
    }
}
