package ai.dreamlake.server.store;

import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** The five levels of a record, the least severe first. A store may keep the ordinal: add none in between. */
public enum Level {
    DEBUG,
    INFO,
    WARN,
    ERROR,
    FATAL;

    private final String text = name().toLowerCase(Locale.ROOT);

    /** As it stands in a record: {@code "info"}. */
    public String text() {
        return text;
    }

    /** The level that a record calls so; empty if there is none. */
    public static Optional<Level> of(String text) {
        return Stream.of(values()).filter(level -> level.text.equals(text)).findFirst();
    }
}
