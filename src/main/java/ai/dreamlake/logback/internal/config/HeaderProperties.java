package ai.dreamlake.logback.internal.config;

import org.jspecify.annotations.Nullable;

/** The properties of a {@code <header>} element as they were set, right or wrong. */
public final class HeaderProperties {

    public @Nullable String name;
    public @Nullable String value;
}
