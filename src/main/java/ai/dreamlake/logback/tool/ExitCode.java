package ai.dreamlake.logback.tool;

/** The exit codes of the tool. The documentation lists the same numbers. */
final class ExitCode {

    /** Success. */
    static final int FINE = 0;

    /** The tool worked, but found something wrong, or could not do everything. */
    static final int FOUND = 1;

    /** The command line is wrong, or names something that does not exist. */
    static final int USAGE = 2;

    /** The tool could not work: a file that cannot be read, a server that refuses. */
    static final int FAILED = 3;

    private ExitCode() {}
}
