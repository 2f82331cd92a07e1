/**
 * The auto-configuration for Spring Boot 3.5 and 4, which Spring Boot finds by itself. Optional: nothing else in this
 * library depends on it.
 *
 * <p>The appender itself is configured in Logback's configuration, {@code logback-spring.xml}, so that it gets the
 * first lines of a start as well.
 *
 * @since 0.2.0
 */
@NullMarked
package ai.dreamlake.logback.spring;

import org.jspecify.annotations.NullMarked;
