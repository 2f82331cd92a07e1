package ai.dreamlake.logback.tool;

import picocli.CommandLine.Help.Ansi;

/** Colours for a terminal. If they are off, every text stays as it is. */
final class Colors {

    /** The choices of {@code --color}. */
    enum When {
        auto,
        always,
        never
    }

    private static final String RESET = "\u001b[0m";
    private static final String DIM = "\u001b[2m";
    private static final String BOLD = "\u001b[1m";
    private static final String RED = "\u001b[31m";
    private static final String GREEN = "\u001b[32m";
    private static final String YELLOW = "\u001b[33m";
    private static final String CYAN = "\u001b[36m";
    private static final String WHITE_ON_RED = "\u001b[97;41m";

    private final boolean on;

    /** For {@code auto}, picocli checks for a terminal, and for {@code NO_COLOR}. */
    Colors(When when) {
        boolean isDumb = "dumb".equals(System.getenv("TERM"));
        this.on = when == When.always || when == When.auto && !isDumb && Ansi.AUTO.enabled();
    }

    boolean areOn() {
        return on;
    }

    private String with(String style, String text) {
        return on ? style + text + RESET : text;
    }

    String dim(String text) {
        return with(DIM, text);
    }

    String bold(String text) {
        return with(BOLD, text);
    }

    String good(String text) {
        return with(GREEN, text);
    }

    String bad(String text) {
        return with(RED, text);
    }

    String notable(String text) {
        return with(YELLOW, text);
    }

    String name(String text) {
        return with(CYAN, text);
    }

    /** @param level as in a record */
    String level(String level, String text) {
        return switch (level) {
            case "debug" -> dim(text);
            case "warn" -> notable(text);
            case "error" -> bad(text);
            case "fatal" -> with(WHITE_ON_RED, text);
            default -> good(text);
        };
    }
}
