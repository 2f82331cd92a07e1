package ai.dreamlake.server.store;

import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** The five levels of a record, the least severe first. A store may save the ordinal, so do not insert levels. */
public enum Level {
    DEBUG,
    INFO,
    WARN,
    ERROR,
    FATAL;

    private final String text = name().toLowerCase(Locale.ROOT);

    /** The level as a record has it: {@code "info"}. */
    public String text() {
        return text;
    }

    /** The level with this text; empty if there is none. */
    public static Optional<Level> of(String text) {
        return Stream.of(values()).filter(level -> level.text.equals(text)).findFirst();
    }
}
