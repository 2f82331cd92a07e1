package ai.dreamlake.logback.tool;

import picocli.CommandLine.Option;

/** {@code --color}, for commands that print for people. */
final class ColorOption {

    @Option(
            names = "--color",
            paramLabel = "WHEN",
            defaultValue = "auto",
            description = "${COMPLETION-CANDIDATES}. auto: on a terminal, unless the variable NO_COLOR is set. Default:"
                    + " ${DEFAULT-VALUE}")
    private Colors.When when = Colors.When.auto;

    Colors colors() {
        return new Colors(when);
    }
}
