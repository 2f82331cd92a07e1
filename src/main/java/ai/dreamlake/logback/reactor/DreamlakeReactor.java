package ai.dreamlake.logback.reactor;

import ai.dreamlake.logback.internal.session.MdcEntries;
import ai.dreamlake.logback.internal.session.SessionKeys;
import ai.dreamlake.logback.internal.session.SessionName;
import reactor.util.context.Context;
import reactor.util.context.ContextView;

/**
 * Names the session of a Reactor pipeline: everything that the operators before it log goes there, on any thread.
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
 * log in the session; without the library, no operator does.
 *
 * <p>In that mode the pipeline's context decides, not the thread. If a {@link ai.dreamlake.logback.DreamlakeSession
 * scope} is open where the pipeline is subscribed to, only {@code contextCapture()} and blocking operators carry it
 * along. Of two sessions in one pipeline, the one nearer to an operator wins, as everywhere in Reactor.
 *
 * @since 0.2.0
 */
public final class DreamlakeReactor {

    private DreamlakeReactor() {}

    /**
     * Creates the context for {@code contextWrite}. The session need not exist yet. There is nothing to close.
     *
     * @param workspace a directory name
     * @param session a directory name, or several nested ones, separated by slashes
     * @return a context that names the session; any number of pipelines may use it
     * @throws IllegalArgumentException if a name is null or breaks a rule; the message says which
     */
    public static ContextView session(String workspace, String session) {
        SessionName.of(workspace, session);
        try {
            Propagation.prepare();
        } catch (LinkageError notThere) {
            // Without context-propagation, nothing carries the session, and nothing needs to be prepared.
        }
        return Context.of(SessionKeys.SESSION, new MdcEntries(workspace, session, null, null));
    }
}
