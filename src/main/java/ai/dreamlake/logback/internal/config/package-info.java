/**
 * Checks an appender's properties. Its input is {@link ai.dreamlake.logback.internal.config.AppenderProperties} and
 * {@link ai.dreamlake.logback.internal.config.UploadProperties}, as they were set, with their defaults. Its output is a
 * {@link ai.dreamlake.logback.internal.config.Configuration} that needs no further check, or a list of faults, each
 * with what to do.
 *
 * <p>Touches no network, and no file except to see whether the local path, or the spool's, is a directory. Knows
 * {@code session} and {@code io}.
 */
@NullMarked
package ai.dreamlake.logback.internal.config;

import org.jspecify.annotations.NullMarked;
