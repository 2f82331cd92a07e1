/**
 * Keeps the log of an experiment: a Logback appender that writes each event as a record of a Dreamlake session.
 *
 * <p>This package and those for frameworks are the public API: {@link ai.dreamlake.logback.DreamlakeAppender} for
 * {@code logback.xml}, {@link ai.dreamlake.logback.DreamlakeSession} for scopes in code, and the types that they need.
 * Everything below {@code internal} may change at any time.
 *
 * <p>Parameters and results are not null, unless their type is marked {@code @Nullable}.
 *
 * <pre>
 *   logger call ─▶ DreamlakeAppender ─▶ engine: Session ─▶ record ─▶ journal ═▶ disk ═▶ upload ─▶ Dreamlake server
 *                        ▲                       ▲
 *                  config: checks          named by scope or MDC
 * </pre>
 *
 * <p>All records take this path; no queue holds them in the heap. Local mode ends at the disk. Remote mode reads the
 * same journal back and sends it; the files are deleted once the server has acknowledged their records. Hybrid mode
 * sends the records as well, and keeps the files.
 *
 * <p>These invariants always hold. Comments and tests cite them by number.
 *
 * <ul>
 *   <li><b>I1 durable at return.</b> When the logger call returns, the whole line is in pages that the operating system
 *       owns. {@code kill -9} loses nothing. A power loss may; see {@code fsyncLevel}.
 *   <li><b>I2 gapless.</b> In a session's file the sequence numbers are 0, 1, 2 … in file order: across threads,
 *       restarts, crashes and several processes at once.
 *   <li><b>I3 harmless.</b> Logging never throws into the application, never waits for the network, and never recurses
 *       without end. It works on a virtual thread, and on an interrupted one, whose flag stays set. Nothing in a
 *       session's directory can make it hang, run out of memory, or leave the directory.
 *   <li><b>I4 bounded.</b> Memory, open files, threads and (in remote mode) disk space have a limit, however long the
 *       server is unreachable and whatever it responds.
 *   <li><b>I5 acknowledged.</b> A record leaves the disk only when the server has acknowledged it. Records that must be
 *       given up (a poison record, a full spool) are counted, reported, and set aside where possible.
 *   <li><b>I6 the books balance.</b> At any moment, without a server, accepted = written + pending + dropped; with one,
 *       accepted = delivered + pending + rejected + dropped.
 *   <li><b>I7 inside the root.</b> No session name, whether from code, the MDC or a web request, reaches a file outside
 *       {@code localPath} or another session's file.
 *   <li><b>I8 heard.</b> Our own problems go to Logback's status manager, at a limited rate: WARN if they may be
 *       temporary, ERROR only for a broken configuration. The first loss also goes to standard error if nobody listens
 *       to statuses. These messages never contain a record's content or a token.
 *   <li><b>I9 handed over.</b> Stop, reset, reconfiguration, redeployment and exit end nothing that others still need.
 * </ul>
 *
 * @since 0.1.0
 */
@NullMarked
package ai.dreamlake.logback;

import org.jspecify.annotations.NullMarked;
