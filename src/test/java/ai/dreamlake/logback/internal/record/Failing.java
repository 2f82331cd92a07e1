package ai.dreamlake.logback.internal.record;

/** Its {@code toString} throws. */
final class Failing {
    private final RuntimeException failure;

    Failing(RuntimeException failure) {
        this.failure = failure;
    }

    @Override
    public String toString() {
        throw failure;
    }
}
