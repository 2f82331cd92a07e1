/**
 * Shared utilities for files, processes, JSON and the stack: atomic replacement, all-or-nothing appending, the identity
 * of files and processes, flock, digests, JSON that others wrote, and stack headroom.
 *
 * <p>Depends on no other package of ours.
 */
@NullMarked
package ai.dreamlake.logback.internal.io;

import org.jspecify.annotations.NullMarked;
