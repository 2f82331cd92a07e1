/**
 * What a session is called and what it says about itself. {@link ai.dreamlake.logback.internal.session.SessionName} has the rules
 * for names (I7), {@link ai.dreamlake.logback.internal.session.SessionKeys} finds the name in the MDC, and {@link
 * ai.dreamlake.logback.internal.session.SessionDescription} travels there as text.
 *
 * <p>Touches no file. Knows {@code io}.
 */
@NullMarked
package ai.dreamlake.logback.internal.session;

import org.jspecify.annotations.NullMarked;
