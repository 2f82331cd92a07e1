/**
 * A session's name and description. {@link ai.dreamlake.logback.internal.session.SessionName} has the rules for names
 * (I7), {@link ai.dreamlake.logback.internal.session.SessionKeys} finds the name in the MDC, and the MDC carries a
 * {@link ai.dreamlake.logback.internal.session.SessionDescription} as text.
 * {@link ai.dreamlake.logback.internal.session.Scopes} knows whether the scope that put them there is still open.
 *
 * <p>Touches no file. Knows {@code io}.
 */
@NullMarked
package ai.dreamlake.logback.internal.session;

import org.jspecify.annotations.NullMarked;
