package ai.dreamlake.logback.tool;

/** What the tool tells the shell. The documentation lists the same numbers. */
final class ExitCode {

    /** All is well. */
    static final int FINE = 0;

    /** The tool worked, and found something wrong, or could not do all that was asked for. */
    static final int FOUND = 1;

    /** The command line is wrong, or names something that is not there. */
    static final int USAGE = 2;

    /** The tool could not work: a file that cannot be read, a server that refuses. */
    static final int FAILED = 3;

    private ExitCode() {}
}
