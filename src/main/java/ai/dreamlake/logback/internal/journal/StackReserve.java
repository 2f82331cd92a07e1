package ai.dreamlake.logback.internal.journal;

/**
 * Makes a stack overflow happen before a step that must not be left half done, such as taking a lock, instead of in its
 * middle. It costs about a microsecond, and stands before what is rare; a record's own write is safe in another way.
 */
public final class StackReserve {

    /** Some 20 to 80 KB of stack, compiled or interpreted. */
    private static final int CALLS = 1000;

    private StackReserve() {}

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
