package ai.dreamlake.logback.internal.io;

/**
 * Makes a stack overflow happen before a step that must not stop halfway, such as taking a lock. A call costs about a
 * microsecond, so it guards only rare steps.
 */
public final class StackHeadroom {

    /** About 20 KB of stack when compiled, up to 80 KB when interpreted. */
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
