/**
 * What Micrometer finds by itself, or binds: meters, and a session's way to other threads.
 *
 * <p>Needs {@code io.micrometer:micrometer-core} and {@code io.micrometer:context-propagation}, 1.0.3 or later, each
 * for its part. Without them, nothing here is loaded.
 */
@NullMarked
package ai.dreamlake.logback.micrometer;

import org.jspecify.annotations.NullMarked;
