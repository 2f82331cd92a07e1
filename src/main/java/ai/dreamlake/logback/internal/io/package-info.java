/**
 * What several rooms need of files, JSON and the stack, each once: atomic replacement, appending all or nothing, the
 * identity of files, flock, digests, JSON that others wrote, and stack headroom.
 *
 * <p>Knows none of the other rooms.
 */
@NullMarked
package ai.dreamlake.logback.internal.io;

import org.jspecify.annotations.NullMarked;
