/**
 * What Micrometer finds by itself, or binds: meters, and a session's way to other threads. Optional: nothing else here
 * knows it.
 */
@NullMarked
package ai.dreamlake.logback.micrometer;

import org.jspecify.annotations.NullMarked;
