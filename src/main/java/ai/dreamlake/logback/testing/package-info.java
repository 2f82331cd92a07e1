/**
 * For tests of applications that log to Dreamlake: gives a test the records that it logged, read from the disk.
 *
 * <p>Needs JUnit 5 ({@code org.junit.jupiter:junit-jupiter-api}).
 *
 * @since 0.2.0
 */
@NullMarked
package ai.dreamlake.logback.testing;

import org.jspecify.annotations.NullMarked;
