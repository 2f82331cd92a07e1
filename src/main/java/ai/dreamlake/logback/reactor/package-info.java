/**
 * Sessions for Reactor pipelines, which change threads.
 *
 * <p>Needs {@code io.projectreactor:reactor-core} and {@code io.micrometer:context-propagation}.
 *
 * @since 0.2.0
 */
@NullMarked
package ai.dreamlake.logback.reactor;

import org.jspecify.annotations.NullMarked;
