package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.session.Retention;

/**
 * What the uploads of all sessions of an appender have in common.
 *
 * @param retention whether logs stay when they are delivered
 * @param books count what becomes of this appender's own records
 * @param listener is notified of what happens to records, including those of other processes
 */
record UploadContext(
        Retention retention,
        DreamlakeServer server,
        ServerHealth health,
        UploadSettings settings,
        Books books,
        UploadListener listener) {}
