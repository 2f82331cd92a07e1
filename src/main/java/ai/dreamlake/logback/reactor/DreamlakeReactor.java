package ai.dreamlake.logback.reactor;

import ai.dreamlake.logback.internal.session.MdcEntries;
import ai.dreamlake.logback.internal.session.SessionKeys;
import ai.dreamlake.logback.internal.session.SessionName;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * Names the session of a Reactor pipeline: whatever the operators before it log, on whatever thread, goes there.
 *
 * <pre>{@code
 * Mono<Result> result = train(job)
 *         .doOnNext(epoch -> log.info("Epoch done"))
 *         .contextWrite(DreamlakeReactor.session("project", job));
 * }</pre>
 *
 * <p>Needs Micrometer's {@code context-propagation}, and its automatic mode:
 * {@code Hooks.enableAutomaticContextPropagation()} at the application's start, or, with Spring Boot,
 * {@code spring.reactor.context-propagation=auto}. Without that mode, only the operators {@code handle} and {@code tap}
 * log in the session; without the library, none does.
 *
 * <p>In that mode the pipeline's context counts, and not the thread: a {@link ai.dreamlake.logback.DreamlakeSession
 * scope} that is open where somebody subscribes is carried along only by {@code contextCapture()}, and by operators
 * that block. Of two sessions in one pipeline, the one nearer to an operator wins, as everywhere in Reactor.
 */
public final class DreamlakeReactor {

    private DreamlakeReactor() {}

    /**
     * The context for {@code contextWrite}. The session need not exist yet. Nothing is to be closed.
     *
     * @param workspace a directory name
     * @param session a directory name, or several nested ones, separated by slashes
     * @throws IllegalArgumentException if a name is null or breaks a rule; the message says which
     */
    public static ContextView session(String workspace, String session) {
        SessionName.of(workspace, session);
        try {
            Propagation.prepare();
        } catch (LinkageError notThere) {
            // Without context-propagation, nothing carries the session.
        }
        return Context.of(SessionKeys.SESSION, new MdcEntries(workspace, session, null, null));
    }
}
