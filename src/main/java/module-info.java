/** A Logback appender that keeps the log of an experiment as a Dreamlake session. */
module ai.dreamlake.logback {
    requires transitive ch.qos.logback.classic;
    requires transitive ch.qos.logback.core;
    requires transitive org.slf4j;
    requires tools.jackson.core;
    requires tools.jackson.databind;
    // Brings okio along. Okio is an automatic module, and requiring one by name is a warning.
    requires okhttp3;
    // Not transitive: that would force every module that uses this one to have JSpecify's jar.
    requires static org.jspecify;

    exports ai.dreamlake.logback;
}
