/**
 * What Spring Boot, 3.5 and 4, finds by itself. Optional: nothing else here knows it. The appender itself is configured
 * where Logback is, in {@code logback-spring.xml}, so that it has the first lines of a start, too.
 */
@NullMarked
package ai.dreamlake.logback.spring;

import org.jspecify.annotations.NullMarked;
