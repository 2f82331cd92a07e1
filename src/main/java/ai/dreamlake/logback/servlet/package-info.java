/**
 * Puts web requests into sessions that they name themselves, in a servlet container:
 * {@link ai.dreamlake.logback.servlet.DreamlakeSessionFilter}, together with
 * {@link ai.dreamlake.logback.servlet.DreamlakeSessionListener}.
 *
 * <p>Needs jakarta.servlet 5.0 or later, which the container brings. Does nothing unless it is registered. Never throws
 * at a request, and leaves nothing on the container's threads.
 */
@NullMarked
package ai.dreamlake.logback.servlet;

import org.jspecify.annotations.NullMarked;
