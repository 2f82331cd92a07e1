/** A Logback appender that keeps the log of an experiment as a Dreamlake session. */
module ai.dreamlake.logback {
    requires transitive ch.qos.logback.classic;
    requires transitive ch.qos.logback.core;
    requires transitive org.slf4j;
    requires tools.jackson.core;
    requires tools.jackson.databind;
    // It passes okio on. Required by name, okio would be a warning: it is no module but a jar with a name.
    requires okhttp3;
    // Annotations in the public API; nobody needs them at run time.
    requires static transitive org.jspecify;

    exports ai.dreamlake.logback;
}
