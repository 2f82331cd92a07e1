/**
 * Puts web requests into the sessions that they name, in a servlet container:
 * {@link ai.dreamlake.logback.servlet.DreamlakeSessionFilter}, together with
 * {@link ai.dreamlake.logback.servlet.DreamlakeSessionListener}.
 *
 * <p>Needs jakarta.servlet 5.0 or later, which the container provides. Does nothing unless it is registered. Never
 * makes a request fail, and leaves nothing on the container's threads.
 *
 * @since 0.2.0
 */
@NullMarked
package ai.dreamlake.logback.servlet;

import org.jspecify.annotations.NullMarked;
