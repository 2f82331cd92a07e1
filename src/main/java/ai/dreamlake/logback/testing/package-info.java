/**
 * For the tests of applications that log to Dreamlake: what a test logs, read back from the disk.
 *
 * <p>Needs JUnit 5 ({@code org.junit.jupiter:junit-jupiter-api}).
 */
@NullMarked
package ai.dreamlake.logback.testing;

import org.jspecify.annotations.NullMarked;
