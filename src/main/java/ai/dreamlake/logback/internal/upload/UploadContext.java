package ai.dreamlake.logback.internal.upload;

import ai.dreamlake.logback.internal.session.Retention;

/**
 * What the uploads of all sessions of an appender share.
 *
 * @param retention whether logs stay when they are delivered
 * @param books counts what happens to this appender's own records
 * @param listener is notified of what happens to records, including those of other processes
 */
record UploadContext(
        Retention retention,
        DreamlakeServer server,
        ServerHealth health,
        UploadSettings settings,
        Books books,
        UploadListener listener) {}
