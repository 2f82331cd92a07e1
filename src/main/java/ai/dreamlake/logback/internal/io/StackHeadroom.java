package ai.dreamlake.logback.internal.io;

/**
 * Moves a stack overflow to a point before a step that must not stop halfway, such as taking a lock. A call costs about
 * a microsecond, so it guards rare steps only.
 */
public final class StackHeadroom {

    /** Some 20 to 80 KB of stack, compiled or interpreted. */
    private static final int CALLS = 1000;

    private StackHeadroom() {}

    /** @throws StackOverflowError if there is hardly any stack left */
    public static void require() {
        if (call(CALLS) != CALLS) {
            throw new AssertionError("each call counts one");
        }
    }

    private static int call(int more) {
        return more == 0 ? 0 : 1 + call(more - 1);
    }
}
