/**
 * Sessions for Reactor's pipelines, which change threads.
 *
 * <p>Needs {@code io.projectreactor:reactor-core} and {@code io.micrometer:context-propagation}.
 */
@NullMarked
package ai.dreamlake.logback.reactor;

import org.jspecify.annotations.NullMarked;
