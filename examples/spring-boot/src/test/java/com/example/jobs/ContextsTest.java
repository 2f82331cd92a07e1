package com.example.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.test.annotation.DirtiesContext;

/**
 * Three contexts in one JVM, as in an application's tests. Spring Boot configures Logback for the first context, and
 * again only after that one is closed.
 */
class ContextsTest {

    private static final String PATH = "dreamlake.local-path=target/contexts";
    private static final Logger log = LoggerFactory.getLogger(ContextsTest.class);

    private static void logTo(String session) throws IOException {
        Sessions sessions = new Sessions(Path.of("target/contexts"));
        String message = session + " " + System.nanoTime();
        log.info(message);
        assertThat(sessions.messages("jobs/" + session)).contains(message);
    }

    @Nested
    @DirtiesContext
    @SpringBootTest(properties = {PATH, "dreamlake.session=first"})
    class First {
        @Test
        void hasItsSession() throws IOException {
            logTo("first");
        }
    }

    @Nested
    @DirtiesContext
    @SpringBootTest(properties = {PATH, "dreamlake.session=second"})
    class Second {
        @Test
        void hasItsSession() throws IOException {
            logTo("second");
        }
    }

    @Nested
    @DirtiesContext
    @SpringBootTest(properties = {PATH, "dreamlake.session=third"})
    class Third {
        @Test
        void hasItsSession() throws IOException {
            logTo("third");
        }
    }
}
