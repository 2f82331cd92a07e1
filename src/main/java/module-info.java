/** A Logback appender that keeps the log of an experiment as a Dreamlake session. */
@SuppressWarnings("requires-automatic") // optional modules with names, but without descriptors
module ai.dreamlake.logback {
    requires transitive ch.qos.logback.classic;
    requires transitive ch.qos.logback.core;
    requires transitive org.slf4j;
    requires java.management;
    requires tools.jackson.core;
    requires tools.jackson.databind;
    // Requires okio transitively. Okio is an automatic module, and requiring that by name would be a warning.
    requires okhttp3;
    // Not transitive: that would force every module that uses this one to have JSpecify's jar.
    requires static org.jspecify;

    // Optional. No "provides": a JVM refuses a module that provides an interface it cannot find.
    requires static context.propagation;
    requires static jakarta.servlet;
    requires static micrometer.core;
    requires static org.reactivestreams;
    requires static reactor.core;
    requires static org.junit.jupiter.api;
    requires static spring.aop;
    requires static spring.beans;
    requires static spring.boot;
    requires static spring.boot.autoconfigure;
    requires static spring.context;
    requires static spring.core;
    requires static spring.web;
    requires static spring.webmvc;

    // For the tool, which has its own jar and runs on the class path.
    requires static info.picocli;
    requires static me.tongfei.progressbar;

    uses tools.jackson.databind.JacksonModule;

    exports ai.dreamlake.logback;
    exports ai.dreamlake.logback.micrometer;
    exports ai.dreamlake.logback.reactor;
    exports ai.dreamlake.logback.servlet;
    exports ai.dreamlake.logback.spring;
    exports ai.dreamlake.logback.testing;

    // Spring creates classes that are not public.
    opens ai.dreamlake.logback.spring;
}
