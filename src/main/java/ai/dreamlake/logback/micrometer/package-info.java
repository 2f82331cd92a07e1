/**
 * For Micrometer: meters, and an accessor that carries sessions to other threads.
 *
 * <p>The meters need {@code io.micrometer:micrometer-core}; the accessor needs
 * {@code io.micrometer:context-propagation}, 1.0.3 or later. Without them, nothing in this package is loaded.
 *
 * @since 0.2.0
 */
@NullMarked
package ai.dreamlake.logback.micrometer;

import org.jspecify.annotations.NullMarked;
