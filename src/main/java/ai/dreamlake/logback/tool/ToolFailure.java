package ai.dreamlake.logback.tool;

/** Ends a command with one sentence for the user, and no stack trace. */
final class ToolFailure extends Exception {

    private static final long serialVersionUID = 1L;

    private final int exitCode;

    private ToolFailure(String sentence, int exitCode) {
        super(sentence);
        this.exitCode = exitCode;
    }

    /** The command line is wrong, or names something that does not exist. */
    static ToolFailure usage(String sentence) {
        return new ToolFailure(sentence, ExitCode.USAGE);
    }

    /** The command line is right, but the command failed. */
    static ToolFailure failed(String sentence) {
        return new ToolFailure(sentence, ExitCode.FAILED);
    }

    int exitCode() {
        return exitCode;
    }
}
